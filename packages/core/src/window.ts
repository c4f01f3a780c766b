const quick = 50;
const slow = 500;
const most = 1_000;

/**
 * How many messages a consumer may hold: its concurrency at first, doubled while a window's worth is settled within 50 ms, up
 * to a thousand, halved when it takes over half a second. So short handlers are fed in batches, and long ones do not keep
 * messages from other members (SUB-12).
 */
export class Window {
  readonly #least: number;
  #size: number;
  #settled = 0;
  #since: number;

  constructor(concurrency: number, now: number) {
    this.#least = concurrency;
    this.#size = concurrency;
    this.#since = now;
  }

  get size(): number {
    return this.#size;
  }

  /** Counts settled messages; true when the size has changed. */
  settled(count: number, now: number): boolean {
    this.#settled += count;
    if (this.#settled < this.#size) return false;
    const took = now - this.#since;
    const before = this.#size;
    if (took < quick) this.#size = Math.max(this.#least, Math.min(most, this.#size * 2));
    else if (took > slow) this.#size = Math.max(this.#least, Math.floor(this.#size / 2));
    this.#settled = 0;
    this.#since = now;
    return this.#size !== before;
  }
}
