import { WaybillError } from "./errors.ts";

/** A bound on the bytes that wait to be sent (PUB-9). */
export class Budget {
  readonly limit: number;
  #used = 0;
  #waiting: (() => void)[] = [];

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Takes bytes; a single message fits an empty budget whatever its size. @throws WaybillError `BUSY` beyond the limit */
  take(bytes: number): void {
    if (this.#used > 0 && this.#used + bytes > this.limit) {
      throw new WaybillError(
        "BUSY",
        `${this.#used} bytes wait to be sent, the limit is ${this.limit}; await earlier publishes, or use publishMany, which waits`,
      );
    }
    this.#used += bytes;
  }

  give(bytes: number): void {
    this.#used -= bytes;
    if (this.#waiting.length === 0 || this.#used > this.limit / 2) return;
    const woken = this.#waiting;
    this.#waiting = [];
    for (const wake of woken) wake();
  }

  /** Resolves when less than the limit is taken by `bytes` more; callers look again, others may have been faster. */
  async room(bytes: number): Promise<void> {
    while (this.#used > 0 && this.#used + bytes > this.limit) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }
}
