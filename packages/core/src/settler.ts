import type { Cancel, Clock } from "./clock.ts";
import { toWaybillError, type WaybillError } from "./errors.ts";
import type { Backoff, Receiver, SettleResult, Settlement } from "./seam.ts";

export interface SettlerOptions {
  readonly clock: Clock;
  readonly backoff: Backoff;
  /** Called with each batch's results that left our hands: settled or lost. */
  done(results: readonly SettleResult[]): void;
  /** Called when settling begins to fail, and with undefined when it works again (DLQ-2). */
  trouble(error: WaybillError | undefined): void;
}

/** Gathers what was decided in one turn of the event loop into one batch, and settles again what could not be settled. */
export class Settler {
  readonly #options: SettlerOptions;
  #receiver: Receiver | undefined;
  #batch: Settlement[] = [];
  #scheduled = false;
  #pending = 0;
  /** Settlements that could not be made yet: trouble lasts as long as there is one. */
  readonly #failing = new Set<Settlement>();
  #failures = 0;
  #pause: Cancel | undefined;
  #closed = false;
  #idle: (() => void)[] = [];

  constructor(options: SettlerOptions) {
    this.#options = options;
  }

  /** What is decided before the receiver is known waits for it. */
  attach(receiver: Receiver): void {
    this.#receiver = receiver;
    if (this.#pending === 0) this.#wake();
    this.#schedule();
  }

  add(settlement: Settlement): void {
    if (this.#closed) return;
    this.#pending += 1;
    this.#batch.push(settlement);
    this.#schedule();
  }

  /** Resolves when the receiver is known and everything is settled. */
  drained(): Promise<void> {
    const isIdle = this.#pending === 0 && this.#receiver !== undefined;
    return isIdle ? Promise.resolve() : new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Tries no more. */
  close(): void {
    this.#closed = true;
    this.#pause?.();
    this.#wake();
  }

  #schedule(): void {
    if (this.#scheduled || this.#pause !== undefined || this.#receiver === undefined || this.#batch.length === 0)
      return;
    this.#scheduled = true;
    const receiver = this.#receiver;
    setImmediate(() => {
      this.#scheduled = false;
      if (this.#closed || this.#pause !== undefined) return;
      const batch = this.#batch;
      this.#batch = [];
      void this.#settle(receiver, batch);
    });
  }

  async #settle(receiver: Receiver, batch: readonly Settlement[]): Promise<void> {
    const results = await this.#resultsOf(receiver, batch);
    if (this.#closed) return;
    const failed = batch.filter((_, index) => isError(results[index]));
    this.#pending -= batch.length - failed.length;
    this.#options.done(results);
    if (this.#failures > 0) for (const settlement of batch) this.#failing.delete(settlement);
    if (failed.length > 0) this.#again(failed, results.find(isError));
    else if (this.#failures > 0 && this.#failing.size === 0) {
      this.#failures = 0;
      this.#options.trouble(undefined);
    }
    if (this.#pending === 0) this.#wake();
  }

  async #resultsOf(receiver: Receiver, batch: readonly Settlement[]): Promise<readonly SettleResult[]> {
    try {
      return await receiver.settle(batch);
    } catch (error) {
      return batch.map(() => toWaybillError(error, "UNAVAILABLE"));
    }
  }

  #again(failed: readonly Settlement[], error: WaybillError | undefined): void {
    for (const settlement of failed) this.#failing.add(settlement);
    this.#batch.unshift(...failed);
    // Batches that fail together are one failure.
    if (this.#pause === undefined) this.#holdOff();
    this.#options.trouble(error);
  }

  #holdOff(): void {
    this.#failures += 1;
    this.#pause = this.#options.clock.after(this.#options.backoff(this.#failures), () => {
      this.#pause = undefined;
      this.#schedule();
    });
  }

  #wake(): void {
    for (const wake of this.#idle.splice(0)) wake();
  }
}

function isError(result: SettleResult | undefined): result is WaybillError {
  return typeof result === "object";
}
