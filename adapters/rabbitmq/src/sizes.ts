/** The bytes a message is taken to have before one was seen. */
const usualBytes = 2 ** 16;
/** After so many messages the sizes of earlier ones are forgotten. */
const memory = 500;

/** How large the messages were that came lately. */
export class Sizes {
  #now = 0;
  #before = 0;
  #count = 0;

  /** The largest, bytes. */
  get largest(): number {
    const largest = Math.max(this.#now, this.#before);
    return largest === 0 && this.#count === 0 ? usualBytes : Math.max(largest, 1);
  }

  /** True if none was as large. */
  add(bytes: number): boolean {
    const isGrown = bytes > Math.max(this.#now, this.#before);
    if (this.#count < memory) {
      this.#now = Math.max(this.#now, bytes);
      this.#count += 1;
    } else {
      this.#before = this.#now;
      this.#now = bytes;
      this.#count = 1;
    }
    return isGrown;
  }
}
