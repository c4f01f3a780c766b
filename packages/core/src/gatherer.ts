import { Alarm } from "./alarm.ts";
import type { Batch, BatchHandler, BatchOptions } from "./batch.ts";
import type { Clock } from "./clock.ts";
import { milliseconds, wholeNumber } from "./duration.ts";
import { WaybillError } from "./errors.ts";
import { GivenBack } from "./given-back.ts";
import type { Handling } from "./handling.ts";
import type { Message } from "./message.ts";
import type { Handle } from "./middleware.ts";
import { checkExpiry } from "./reader.ts";
import type { RunnerOptions } from "./runner-options.ts";
import type { Tuning } from "./subscribe-options.ts";

export interface GathererOptions {
  readonly size: number;
  /** ms. */
  readonly wait: number;
  /** How many batches are handled at once. */
  readonly concurrency: number;
  /** ms from the start of a batch; `Infinity` for none. */
  readonly timeout: number;
  readonly clock: Clock;
  readonly handler: BatchHandler<unknown>;
}

/** How a consumer's runner works so that `handler` gets batches. @throws TypeError naming the option that cannot be used */
export function gathering(
  { size, wait }: BatchOptions,
  { concurrency, timeout, once }: Tuning,
  clock: Clock,
  handler: BatchHandler<unknown>,
): Pick<RunnerOptions, "handle" | "giveBack" | "concurrency" | "timeout"> {
  const waitMs = milliseconds(wait, "batch.wait");
  if (waitMs === Infinity) throw new TypeError("batch.wait is Infinity; give the longest time that a message may wait");
  if (once) throw new TypeError(`batch and delivery "at-most-once" do not go together`);
  const most = wholeNumber(size, 1, "batch.size");
  const gatherer = new Gatherer({ size: most, wait: waitMs, concurrency, timeout, clock, handler });
  return {
    handle: gatherer.handle,
    giveBack: () => gatherer.giveBack(),
    // One more than are handled, which fills meanwhile.
    concurrency: most * (concurrency + 1),
    timeout: Infinity,
  };
}

/** One message of a batch: what its own handling waits for. */
interface Member {
  readonly message: Handling;
  /** When it has waited long enough, epoch ms. */
  readonly dueAt: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Makes handlings of single messages one handling of a batch (SUB-11). Each message comes here as it would come to a handler of
 * its own, through the middlewares, and waits for others; when its batch has ended it goes back as its own success or failure.
 */
export class Gatherer {
  readonly #options: GathererOptions;
  readonly #alarm: Alarm;
  #waiting: Member[] = [];
  #running = 0;

  constructor(options: GathererOptions) {
    this.#options = options;
    this.#alarm = new Alarm(options.clock, () => this.#pump());
  }

  /** The innermost handling of one message. */
  readonly handle: Handle = (message) =>
    new Promise<void>((resolve, reject) => {
      const dueAt = this.#options.clock.now() + this.#options.wait;
      const member: Member = { message, dueAt, resolve, reject };
      // What may have killed its process is a batch of its own, so that only it can be convicted (DLQ-4).
      if (message.suspect) return this.#start([member]);
      message.onAbort((reason) => this.#remove(member, reason));
      this.#waiting.push(member);
      this.#pump();
    });

  /** Gives back what waits for others. */
  giveBack(): void {
    this.#alarm.clear();
    for (const { message, reject } of this.#waiting.splice(0)) {
      reject(new GivenBack());
      message.abort(new WaybillError("CLOSED", `message ${message.id} was given back before its batch was full`));
    }
  }

  #pump(): void {
    const { size, concurrency, clock } = this.#options;
    for (;;) {
      const [first] = this.#waiting;
      if (first === undefined || this.#running === concurrency) return this.#alarm.clear();
      if (this.#waiting.length < size && first.dueAt > clock.now()) return this.#alarm.set(first.dueAt);
      this.#start(this.#waiting.splice(0, size));
    }
  }

  #remove(member: Member, reason: WaybillError): void {
    const index = this.#waiting.indexOf(member);
    if (index === -1) return;
    this.#waiting.splice(index, 1);
    member.reject(reason);
  }

  #start(members: readonly Member[]): void {
    const ready = members.filter((member) => this.#isInTime(member));
    if (ready.length === 0) return;
    this.#running += 1;
    const { handler, timeout } = this.#options;
    const running = new RunningBatch(ready, handler, () => {
      this.#running -= 1;
      this.#pump();
    });
    if (timeout !== Infinity) for (const { message } of ready) message.limit(timeout);
    void running.run();
  }

  /** Its time may have come to an end while it waited (TTL-1). */
  #isInTime({ message, reject }: Member): boolean {
    try {
      checkExpiry(message, this.#options.clock.now());
      return true;
    } catch (error) {
      reject(error);
      return false;
    }
  }
}

/** One call of a batch handler. */
class RunningBatch {
  readonly #members: readonly Member[];
  readonly #handler: BatchHandler<unknown>;
  readonly #over: () => void;
  readonly #failures = new Map<Message<unknown>, unknown>();
  #controller: AbortController | undefined;
  #aborted: WaybillError | undefined;
  /** How many are still wanted: with none left its slot is free though the handler may still run (ACK-5). */
  #wanted: number;
  #ended = false;

  constructor(members: readonly Member[], handler: BatchHandler<unknown>, over: () => void) {
    this.#members = members;
    this.#handler = handler;
    this.#over = over;
    this.#wanted = members.length;
    for (const { message } of members) message.onAbort((reason) => this.#abandon(reason));
  }

  /** Never rejects: what the handler throws goes to its messages. */
  async run(): Promise<void> {
    const messages = this.#members.map(({ message }) => message);
    let settle = ({ resolve }: Member): void => resolve();
    try {
      await this.#handler(messages, this.#control());
    } catch (error) {
      settle = ({ reject }) => reject(error);
    }
    this.#ended = true;
    for (const member of this.#members) {
      if (this.#failures.has(member.message)) member.reject(this.#failures.get(member.message));
      else settle(member);
    }
    if (this.#wanted > 0) this.#over();
  }

  #control(): Batch {
    const signal = (): AbortSignal => this.#signal();
    return {
      fail: (message, error) => this.#fail(message, error),
      get signal() {
        return signal();
      },
    };
  }

  #fail(message: Message<unknown>, error: unknown): void {
    if (this.#ended) throw new WaybillError("CLOSED", `the batch of message ${message.id} has ended; fail it before`);
    if (!this.#members.some((member) => member.message === message)) {
      throw new TypeError("fail takes a message of its own batch, as it was given to the handler");
    }
    if (!this.#failures.has(message)) this.#failures.set(message, error);
  }

  #signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#aborted !== undefined) this.#controller.abort(this.#aborted);
    return this.#controller.signal;
  }

  #abandon(reason: WaybillError): void {
    this.#wanted -= 1;
    if (this.#wanted > 0 || this.#ended) return;
    this.#aborted = reason;
    this.#controller?.abort(reason);
    this.#over();
  }
}
