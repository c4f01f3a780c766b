import { Alarm } from "./alarm.ts";
import type { Budget } from "./budget.ts";
import type { Cancel, Clock } from "./clock.ts";
import { WaybillError } from "./errors.ts";
import { Fifo } from "./fifo.ts";
import type { Backoff, SendResult, WireMessage } from "./seam.ts";

export interface LaneOptions {
  /** How many batches may be in flight. 1 where a lost reply could turn the order round (PUB-8). */
  readonly depth: number;
  readonly maxBatch: number;
  readonly budget: Budget;
  readonly clock: Clock;
  readonly backoff: Backoff;
  send(messages: readonly WireMessage[], deadline: number): Promise<readonly SendResult[]>;
}

interface Entry {
  readonly message: WireMessage;
  readonly bytes: number;
  readonly deadline: number;
  readonly resolve: (stored: unknown) => void;
  /** What the publisher is given once it is stored: so that a publish costs one promise. */
  readonly value: unknown;
  readonly reject: (error: WaybillError) => void;
  readonly unlisten: (() => void) | undefined;
  flying: boolean;
  settled: boolean;
  /** Sticky: it may have been stored, whatever is said later (PUB-2). */
  unknown: WaybillError | undefined;
}

const maxBatchBytes = 4 * 2 ** 20;
/** What a waiting message costs beside its body, about. */
const overhead = 256;

/**
 * What must keep its order on the way out. Self-clocking: a message leaves at once while fewer than `depth` batches are in
 * flight; what comes meanwhile is the next batch. What ended unknown, or was refused for the moment, goes again before
 * everything later, until its deadline.
 */
export class Lane {
  readonly #options: LaneOptions;
  readonly #alarm: Alarm;
  readonly #flights = new Set<readonly Entry[]>();
  readonly #waiting = new Fifo<Entry>();
  #scheduled = false;
  #failures = 0;
  #pause: Cancel | undefined;
  #pending = 0;
  /** When something was answered for good, or began to wait where nothing had. */
  #movedAt = 0;
  #idle: (() => void)[] = [];

  constructor(options: LaneOptions) {
    this.#options = options;
    this.#alarm = new Alarm(options.clock, () => this.#expire());
  }

  /** How many wait to be stored. */
  get pending(): number {
    return this.#pending;
  }

  /** Since when (epoch ms) all that waits has waited in vain; undefined where nothing waits. */
  get stuckSince(): number | undefined {
    return this.#pending === 0 ? undefined : this.#movedAt;
  }

  /**
   * Resolves, to `value`, once the message is stored. Settles by `deadline` (epoch ms) or `signal` (PUB-11): rejects with `TIMEOUT` or
   * `ABORTED` if it is certainly not stored, `OUTCOME_UNKNOWN` if it may be, `BUSY` beyond the byte budget.
   */
  push<T>(message: WireMessage, deadline: number, signal: AbortSignal | undefined, value: T): Promise<T> {
    const bytes = message.body.length + overhead;
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) throw notStored(message, "ABORTED", "the signal fired", signal.reason);
      this.#options.budget.take(bytes);
      const entry: Entry = {
        message,
        bytes,
        deadline,
        resolve: resolve as (stored: unknown) => void,
        value,
        reject,
        unlisten: signal && this.#listen(signal, () => entry),
        flying: false,
        settled: false,
        unknown: undefined,
      };
      if (this.#pending === 0) this.#movedAt = this.#options.clock.now();
      this.#pending += 1;
      this.#waiting.push(entry);
      this.#alarm.set(deadline);
      this.#schedule();
    });
  }

  /** Resolves when nothing waits and nothing is in flight. */
  drained(): Promise<void> {
    return this.#pending === 0 ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }

  #listen(signal: AbortSignal, entry: () => Entry): () => void {
    const abort = (): void => this.#giveUp(entry(), "ABORTED", "the signal fired", signal.reason);
    signal.addEventListener("abort", abort);
    return () => signal.removeEventListener("abort", abort);
  }

  #schedule(): void {
    if (this.#scheduled || this.#pause !== undefined || this.#flights.size >= this.#options.depth) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    while (this.#pause === undefined && this.#flights.size < this.#options.depth) {
      const batch = this.#nextBatch();
      if (batch.length === 0) return;
      this.#flights.add(batch);
      void this.#fly(batch);
    }
  }

  #nextBatch(): readonly Entry[] {
    const batch: Entry[] = [];
    let bytes = 0;
    while (batch.length < this.#options.maxBatch) {
      const entry = this.#waiting.peek();
      if (entry === undefined || (batch.length > 0 && bytes + entry.bytes > maxBatchBytes)) break;
      this.#waiting.shift();
      if (entry.settled) continue;
      entry.flying = true;
      bytes += entry.bytes;
      batch.push(entry);
    }
    return batch;
  }

  async #fly(batch: readonly Entry[]): Promise<void> {
    const deadline = batch.reduce((latest, entry) => Math.max(latest, entry.deadline), 0);
    const results = await this.#send(batch, deadline);
    const again = batch.filter((entry, index) => !this.#land(entry, results[index]));
    if (again.length < batch.length) this.#movedAt = this.#options.clock.now();
    this.#flights.delete(batch);
    this.#waiting.unshift(again);
    if (again.length === 0) this.#failures = 0;
    else this.#holdOff();
    this.#schedule();
  }

  async #send(batch: readonly Entry[], deadline: number): Promise<readonly SendResult[]> {
    try {
      return await this.#options.send(
        batch.map((entry) => entry.message),
        deadline,
      );
    } catch (cause) {
      const error = new WaybillError("UNAVAILABLE", "the adapter's send failed", { cause });
      return batch.map(() => ({ outcome: "unknown", error }));
    }
  }

  /** Settles the entry by its result; false if it has to go again. */
  #land(entry: Entry, result: SendResult | undefined): boolean {
    entry.flying = false;
    if (entry.settled) return true;
    if (result === "stored") {
      this.#settle(entry);
      return true;
    }
    const { outcome, error } = result ?? { outcome: "unknown", error: new WaybillError("UNAVAILABLE", "no result") };
    if (outcome === "unknown") entry.unknown = error;
    else if (!error.transient) {
      this.#settle(entry, entry.unknown === undefined ? error : unknownOutcome(entry, error));
      return true;
    }
    return false;
  }

  /** Batches that fail together are one failure. */
  #holdOff(): void {
    if (this.#pause !== undefined) return;
    this.#failures += 1;
    this.#pause = this.#options.clock.after(this.#options.backoff(this.#failures), () => {
      this.#pause = undefined;
      this.#schedule();
    });
  }

  #expire(): void {
    const now = this.#options.clock.now();
    let earliest = Infinity;
    const look = (entry: Entry): void => {
      if (entry.settled) return;
      if (entry.deadline > now) earliest = Math.min(earliest, entry.deadline);
      else this.#giveUp(entry, "TIMEOUT", "its deadline passed");
    };
    for (const flight of this.#flights) flight.forEach(look);
    for (const entry of this.#waiting) look(entry);
    // So that what was given up does not stay in memory while a send hangs.
    this.#waiting.unshift(this.#waiting.drain().filter((entry) => !entry.settled));
    this.#alarm.set(earliest);
  }

  #giveUp(entry: Entry, code: "ABORTED" | "TIMEOUT", why: string, cause?: unknown): void {
    if (entry.settled) return;
    const maybe = entry.flying || entry.unknown !== undefined;
    const error = notStored(entry.message, code, why, cause);
    this.#settle(entry, maybe ? unknownOutcome(entry, error) : error);
  }

  #settle(entry: Entry, error?: WaybillError): void {
    entry.settled = true;
    entry.unlisten?.();
    this.#options.budget.give(entry.bytes);
    if (error === undefined) entry.resolve(entry.value);
    else entry.reject(error);
    this.#pending -= 1;
    if (this.#pending > 0) return;
    this.#alarm.clear();
    const idle = this.#idle;
    this.#idle = [];
    for (const wake of idle) wake();
  }
}

function notStored(message: WireMessage, code: "ABORTED" | "TIMEOUT", why: string, cause: unknown): WaybillError {
  return new WaybillError(code, `message ${message.id} was not stored: ${why}`, { cause });
}

function unknownOutcome(entry: Entry, error: WaybillError): WaybillError {
  return new WaybillError(
    "OUTCOME_UNKNOWN",
    `message ${entry.message.id} may or may not have been stored; publish it again with the same id if it must be`,
    { cause: entry.unknown ?? error },
  );
}
