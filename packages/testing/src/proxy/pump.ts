import type { Socket } from "node:net";
import type { Course, ProxiedConnection } from "./course.ts";
import { stepOf, type Waiting } from "./mode.ts";

/** So many bytes wait at most before their sender has to. */
const room = 1 << 20;

export interface PumpOptions {
  readonly source: Socket;
  readonly sink: Socket;
  readonly course: Course;
  readonly connection: ProxiedConnection;
}

/** One direction of one connection: bytes and their end go from the source to the sink as the course says. */
export class Pump {
  readonly #options: PumpOptions;
  readonly #queue: Waiting[] = [];
  #queued = 0;
  #ended = false;
  #closed = false;
  #deaf = false;
  #hasLost = false;
  /** Ends a rest that waits for bytes. */
  #wake: () => void = () => undefined;
  /** Ends any rest. */
  #interrupt: () => void = () => undefined;
  #swallowed: () => void = () => undefined;

  constructor(options: PumpOptions) {
    this.#options = options;
    const { source, course } = options;
    course.followers.add(this);
    source.on("data", (chunk: Buffer) => this.#arrive(chunk));
    source.on("end", () => {
      this.#ended = true;
      this.#wake();
    });
    void this.#run();
  }

  /** Swallows from now on; `then` is called each time something was. */
  swallow(then: () => void = () => undefined): void {
    this.#deaf = true;
    this.#swallowed = then;
    this.#interrupt();
  }

  /** The source is gone without an end: the sink hears of it as it would through such a link. */
  fail(): void {
    if (!this.#swallows) this.#options.connection.cut();
    else this.#hasLost = true;
  }

  modeChanged(): void {
    if (this.#hasLost && !this.#isHole) this.#options.connection.cut();
    this.#interrupt();
  }

  close(): void {
    this.#closed = true;
    this.#options.course.followers.delete(this);
    this.#interrupt();
  }

  get #isHole(): boolean {
    return this.#options.course.mode.kind === "black hole";
  }

  get #swallows(): boolean {
    return this.#deaf || this.#hasLost || this.#isHole;
  }

  #arrive(chunk: Buffer): void {
    const { source, course } = this.#options;
    const bytes = course.changed(chunk);
    this.#queue.push({ bytes, dueAt: performance.now() + course.latency() });
    this.#queued += bytes.length;
    if (this.#queued > room) source.pause();
    this.#wake();
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      const [head] = this.#queue;
      if (this.#swallows) this.#drop();
      else if (head !== undefined) await this.#carry(head);
      else if (this.#ended) return void this.#options.sink.end();
      if (this.#queue.length === 0 && (this.#swallows || !this.#ended)) await this.#idle();
    }
  }

  /** Empties the queue. An end is lost too. */
  #drop(): void {
    const isLoss = this.#queue.length > 0 || this.#ended;
    this.#queue.length = 0;
    this.#options.course.swallowed += this.#queued;
    this.#left(this.#queued);
    if (!isLoss) return;
    this.#hasLost = true;
    this.#swallowed();
  }

  async #carry(head: Waiting): Promise<void> {
    const { course, connection } = this.#options;
    const { mode } = course;
    const step = stepOf(mode, head, performance.now());
    if (step === undefined) return;
    if (step.afterMs !== undefined) {
      await this.#rest(step.afterMs);
      if (course.mode !== mode || this.#swallows || this.#closed) return;
    }
    const { bytes, before, after } = course.take(head.bytes.subarray(0, step.bytes), connection);
    this.#shift(head, bytes.length);
    for (const act of before) act(connection);
    await this.#write(bytes);
    for (const act of after) act(connection);
  }

  #shift(head: Waiting, length: number): void {
    if (length === head.bytes.length) this.#queue.shift();
    else this.#queue[0] = { bytes: head.bytes.subarray(length), dueAt: head.dueAt };
    this.#left(length);
  }

  #left(length: number): void {
    this.#queued -= length;
    if (this.#queued <= room) this.#options.source.resume();
  }

  /** Resolves when the system has taken the bytes, which holds back a sender that is faster, or when the sink is gone. */
  #write(bytes: Buffer): Promise<void> {
    return new Promise((resolve) => void this.#options.sink.write(bytes, () => resolve()));
  }

  /** Until bytes or an end have come, or what should happen to them is another. */
  async #idle(): Promise<void> {
    await new Promise<void>((resolve) => (this.#wake = this.#interrupt = resolve));
    this.#wake = () => undefined;
  }

  /** For `ms`, or until what should happen is another. */
  async #rest(ms: number): Promise<void> {
    let stop = (): void => undefined;
    await new Promise<void>((resolve) => {
      this.#interrupt = resolve;
      stop = later(ms, resolve);
    });
    stop();
  }
}

function later(ms: number, run: () => void): () => void {
  if (ms === 0) {
    const immediate = setImmediate(run);
    return () => clearImmediate(immediate);
  }
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
}
