import { WaybillError } from "./errors.ts";

/** A bound on the bytes that wait to be sent (PUB-9): the limit, and the last message that was let in below it. */
export class Budget {
  readonly limit: number;
  #used = 0;
  #waiting: (() => void)[] = [];

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Takes bytes for a message of any size while less than the limit is taken. @throws WaybillError `BUSY` otherwise */
  take(bytes: number): void {
    if (this.#used >= this.limit) {
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

  /** Undefined when `take` takes; else resolves when it may, and callers look again, since others may have been faster. */
  room(): Promise<void> | undefined {
    if (this.#used < this.limit) return undefined;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
