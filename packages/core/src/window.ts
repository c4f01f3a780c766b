/** How much work ahead a consumer holds, ms, so that its handlers need not wait for the carrier. */
const ahead = 100;
const most = 1_000;

/**
 * How many messages a consumer may hold: its concurrency, and what its handlers get done in a tenth of a second, up to a
 * thousand: more buys no speed, and costs memory and long turns of the event loop. So short handlers are fed in batches, however long the carrier's round trip is, and long ones do not keep messages
 * from other members (SUB-12). Only the time in which handlers run counts.
 */
export class Window {
  readonly #concurrency: number;
  #size: number;
  #handled = 0;
  #busyMs = 0;
  #busySince: number | undefined;
  #limit = Infinity;

  constructor(concurrency: number) {
    this.#concurrency = concurrency;
    this.#size = concurrency;
  }

  get size(): number {
    return Math.min(this.#size, this.#limit);
  }

  /** One that may have killed its process has come, and where it was there may be more: from now on one at a time (DLQ-4). */
  narrow(): void {
    this.#limit = 1;
  }

  /** One has come that has not: twice as many at a time, up to the usual. True when that has changed the size. */
  widen(): boolean {
    if (this.#limit === Infinity) return false;
    this.#limit = this.#limit * 2 < this.#size ? this.#limit * 2 : Infinity;
    return true;
  }

  /** The first handler has started. */
  busy(now: number): void {
    this.#busySince ??= now;
  }

  /** A handler has ended. */
  handled(): void {
    this.#handled += 1;
  }

  /** The last handler has ended. */
  idle(now: number): void {
    this.#busyMs += now - (this.#busySince ?? now);
    this.#busySince = undefined;
  }

  /** Fits the size to what was handled since it last did; true when it has changed. At most doubles at a time. */
  fit(now: number): boolean {
    const busyMs = this.#busyMs + now - (this.#busySince ?? now);
    if (this.#handled === 0 || (this.#handled < this.#size && busyMs < ahead)) return false;
    const wanted = this.#concurrency + Math.ceil((this.#handled / Math.max(busyMs, 1)) * ahead);
    const before = this.#size;
    this.#size = Math.max(this.#concurrency, Math.min(most, wanted, before * 2));
    this.#handled = 0;
    this.#busyMs = 0;
    if (this.#busySince !== undefined) this.#busySince = now;
    return this.#size !== before;
  }
}
