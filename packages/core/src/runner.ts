import { Alarm } from "./alarm.ts";
import { atMost } from "./at-most.ts";
import { toWaybillError, WaybillError } from "./errors.ts";
import { Fifo } from "./fifo.ts";
import type { Isolated } from "./isolation.ts";
import type { Job, JobContext, Running } from "./job.ts";
import { Judge } from "./judge.ts";
import { openJob } from "./open-job.ts";
import type { Delivery, Flow, Receiver, Settlement, Sink, Transport } from "./seam.ts";
import type { RunnerOptions } from "./runner-options.ts";
import { Roster } from "./roster.ts";
import { Settler } from "./settler.ts";
import { Turn } from "./turn.ts";
import { isSuspect } from "./verdict.ts";
import { Window } from "./window.ts";

const noSends: readonly never[] = [];

/** Runs the handlers of one subscription: takes deliveries, handles at most `concurrency` at once, decides, settles. */
export class Runner implements Sink, Isolated {
  readonly #options: RunnerOptions;
  readonly #running = new Roster<Running>();
  readonly #judge: Judge;
  readonly #settler: Settler;
  readonly #window: Window;
  readonly #alarm: Alarm;
  readonly #waiting = new Fifo<Delivery>();
  readonly #turn: Turn;
  readonly #jobs: JobContext;
  #suspects: Delivery[] = [];
  /** The suspect that waits for the others to stand still. */
  #accused: Delivery | undefined;
  #receiver: Receiver | undefined;
  /** Reasons to take nothing up, each by itself: the user's pause, another's isolation, trouble with settling, the end. */
  readonly #stops = new Set<"paused" | "held" | "trouble" | "closing">();
  #trouble: WaybillError | undefined;
  /** Why the receiver has ended, though nobody closed it. */
  #end: WaybillError | undefined;
  #idle: (() => void)[] = [];
  /** When it last got something, ended something or was let go on. */
  #quietAt: number;

  constructor(options: RunnerOptions) {
    this.#options = options;
    const { inbox, clock, compose, backoff, concurrency } = options;
    this.#judge = new Judge({ ...options, dropped: (error) => options.report("dropped", error) });
    this.#turn = new Turn(clock, () => this.#pump());
    this.#quietAt = clock.now();
    this.#window = new Window(concurrency);
    this.#alarm = new Alarm(clock, () => this.#expire());
    this.#jobs = { inbox, clock, compose, wake: (at) => this.#alarm.set(at) };
    this.#settler = new Settler({
      clock,
      backoff,
      done: (results) => this.#settledSome(results.includes("lost")),
      trouble: (error) => this.#onTrouble(error),
    });
  }

  /** What keeps it from making progress, undefined when nothing does. */
  get trouble(): WaybillError | undefined {
    return this.#end ?? this.#trouble;
  }

  get running(): number {
    return this.#running.size;
  }

  get waiting(): number {
    return this.#waiting.length + this.#suspects.length;
  }

  /** Since when it has had nothing to do though it would take something (LIF-3). */
  get idleSince(): number | undefined {
    return this.running + this.waiting > 0 || this.#stops.size > 0 ? undefined : this.#quietAt;
  }

  get paused(): boolean {
    return this.#stops.has("paused");
  }

  get receiver(): Receiver | undefined {
    return this.#receiver;
  }

  async start(transport: Pick<Transport, "receive">): Promise<void> {
    this.#options.isolation.join(this);
    this.#receiver = await transport.receive(this.#options.inbox, this.#flow(), this);
    // What it was given already may be a suspect, which waits for what is settled, and so for this.
    await this.#receiver.resize(this.#flow());
    this.#settler.attach(this.#receiver);
    this.#receiver.ended.then(
      () => this.#ended(new WaybillError("UNAVAILABLE", "the carrier delivers no more; close it and subscribe again")),
      (error: unknown) => this.#ended(toWaybillError(error, "UNAVAILABLE")),
    );
  }

  deliver(batch: readonly Delivery[]): void {
    for (const delivery of batch) this.#sort(delivery);
    if (this.#stops.size > 0) this.#giveBack();
    else this.#pump();
  }

  lost(batch: readonly Delivery[], cause: WaybillError): void {
    const gone = new Set(batch);
    for (const delivery of this.#waiting.drain()) if (!gone.has(delivery)) this.#waiting.push(delivery);
    if (this.#accused !== undefined && gone.has(this.#accused)) this.#accused = undefined;
    this.#suspects = this.#suspects.filter((delivery) => !gone.has(delivery));
    for (const running of this.#running.all().filter(({ delivery }) => gone.has(delivery))) {
      if (running.job === undefined) this.#finished(running);
      else running.job.lose(cause);
    }
    this.#options.report("lost", cause);
  }

  /** Takes nothing up and gives back what was not started, for this reason (SUB-10). */
  stop(why: "paused" | "held" | "closing"): void | Promise<void> {
    this.#stops.add(why);
    const resized = this.#receiver?.resize(this.#flow());
    this.#giveBack();
    return resized;
  }

  /** Goes on, unless there is another reason not to. */
  go(why: "paused" | "held" | "trouble"): void {
    this.#stops.delete(why);
    if (this.#stops.size > 0) return;
    this.#quietAt = this.#options.clock.now();
    void this.#receiver?.resize(this.#flow());
    this.#pump();
  }

  /** Also waits until what it gave back is settled: a suspect that kills us now must not count against it (DLQ-4). */
  async hold(): Promise<void> {
    await Promise.all([this.stop("held"), this.#quiet()]);
    await this.#settler.drained();
    await this.#receiver?.resize(this.#flow());
  }

  /** Takes no more, lets handlers finish within `graceMs`, gives back what was not started, settles, closes (LIF-1). */
  async close(graceMs: number): Promise<void> {
    this.#options.isolation.leave(this);
    void this.stop("closing");
    await this.#receiver?.stop();
    this.#giveBack();
    await atMost(this.#options.clock, graceMs, this.#quiet());
    this.#abandon();
    if (this.#receiver) await atMost(this.#options.clock, Math.max(graceMs, 1_000), this.#settler.drained());
    this.#settler.close();
    this.#alarm.clear();
    await this.#receiver?.close();
  }

  #sort(delivery: Delivery): void {
    const settlement = this.#judge.untouched(delivery);
    if (settlement !== undefined) this.#settler.add(settlement);
    else if (isSuspect(delivery)) this.#suspects.push(delivery);
    else this.#waiting.push(delivery);
  }

  #pump(): void {
    if (this.#suspects.length > 0) this.#isolate();
    if (this.#stops.size > 0) return;
    while (this.#running.size < this.#options.concurrency && this.#turn.hasTime()) {
      const delivery = this.#waiting.shift();
      if (delivery === undefined) return;
      void this.#run(delivery);
      if (this.#window.widen()) void this.#receiver?.resize(this.#flow());
    }
  }

  #isolate(): void {
    // One at a time: a second one would take the first one's place, which then was neither handled nor given back.
    const suspect = this.#accused === undefined ? this.#suspects.shift() : undefined;
    this.#accused ??= suspect;
    for (const other of this.#suspects.splice(0)) this.#settler.add(this.#judge.released(other));
    if (suspect === undefined) return;
    // Taken together again they would be given back for each of them, and each time is counted for some by carriers (DLQ-4).
    this.#window.narrow();
    void this.#options.isolation.alone(async () => {
      if (this.#accused !== suspect) return;
      this.#accused = undefined;
      // It is held by its own isolation; by anything else it must not start.
      if ([...this.#stops].some((why) => why !== "held")) this.#settler.add(this.#judge.released(suspect));
      else await this.#run(suspect);
    });
  }

  /** Never rejects: what a handler throws is decided upon here. */
  async #run(delivery: Delivery): Promise<void> {
    if (this.#running.size === 0) this.#window.busy(this.#options.clock.now());
    const running: Running = { delivery, job: undefined, place: -1 };
    this.#running.add(running);
    try {
      const opened = openJob(this.#options.definition, this.#jobs, delivery);
      const job = opened instanceof Promise ? await opened : opened;
      if (running.place < 0) return;
      running.job = job;
      if (this.#options.timeout !== Infinity) job.limit(this.#options.timeout);
      await this.#options.handle(job);
      job.ended = true;
      const effects = job.effects();
      this.#settle(job, { delivery, outcome: "ack", sends: effects === undefined ? noSends : await effects });
    } catch (error) {
      if (running.place < 0) return;
      this.#settle(running.job, this.#judge.failed(delivery, error));
    }
    this.#finished(running);
  }

  #settle(job: Job | undefined, settlement: Settlement): void {
    if (job?.settled === true) return;
    if (job !== undefined) job.settled = true;
    this.#settler.add(settlement);
  }

  #finished(running: Running): void {
    // A handler that ends after its time was finished then.
    if (!this.#running.delete(running)) return;
    this.#window.handled();
    if (this.#running.size === 0) {
      this.#quietAt = this.#options.clock.now();
      this.#window.idle(this.#quietAt);
      for (const wake of this.#idle.splice(0)) wake();
    }
    if (this.#waiting.length > 0 || this.#suspects.length > 0) this.#pump();
  }

  /** A handler past its time has failed its attempt; its slot is free though it may still run (ACK-5). */
  #expire(): void {
    const now = this.#options.clock.now();
    let earliest = Infinity;
    for (const running of this.#running.all()) {
      const { job } = running;
      if (job === undefined || job.settled) continue;
      if (job.deadline > now) earliest = Math.min(earliest, job.deadline);
      else this.#timeOut(running, job);
    }
    this.#alarm.set(earliest);
  }

  #timeOut(running: Running, job: Job): void {
    const error = new WaybillError("TIMEOUT", `handling message ${job.id} took over ${job.limitMs} ms`);
    job.abort(error);
    this.#settle(job, this.#judge.failed(running.delivery, error));
    this.#finished(running);
  }

  #settledSome(someLost: boolean): void {
    if (someLost)
      this.#options.report("lost", new WaybillError("LEASE_LOST", "a settlement came after its lease had ended"));
    if (this.#window.fit(this.#options.clock.now()) && this.#stops.size === 0)
      void this.#receiver?.resize(this.#flow());
  }

  #ended(why: WaybillError): void {
    if (this.#stops.has("closing")) return;
    this.#end = why;
    this.#options.report("lost", why);
  }

  #onTrouble(error: WaybillError | undefined): void {
    this.#trouble = error;
    if (error === undefined) return this.go("trouble");
    this.#stops.add("trouble");
    void this.#receiver?.resize(this.#flow());
    this.#options.report("settle-failed", error);
  }

  /** What is delivered once and for all is not fetched ahead, for it would be lost with its consumer. */
  #flow(): Flow {
    const { once, concurrency, maxHeldBytes } = this.#options;
    return {
      window: this.#stops.size > 0 ? 0 : once ? concurrency : this.#window.size,
      bytes: maxHeldBytes,
      settle: once ? "first" : "after",
    };
  }

  #giveBack(): void {
    this.#options.giveBack?.();
    for (const unstarted of [...this.#waiting.drain(), ...this.#suspects.splice(0)])
      this.#settler.add(this.#judge.released(unstarted));
  }

  /** What still runs after the grace is told so and given back. */
  #abandon(): void {
    for (const running of this.#running.all()) {
      const { job, delivery } = running;
      if (job?.settled === true) continue;
      job?.abort(new WaybillError("CLOSED", "the consumer was closed and its grace period is over"));
      this.#settle(job, this.#judge.released(delivery));
      if (job === undefined) this.#running.delete(running);
    }
  }

  #quiet(): Promise<void> {
    return this.#running.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }
}
