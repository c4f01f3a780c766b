import { Fifo } from "./fifo.ts";

/** Lets many keys through at once, and of each key one item at a time, in the order they came. */
export class KeyedGate<T> {
  readonly #waiting = new Map<string, Fifo<T>>();

  /** True: the item may go now. False: it waits behind its key and comes out of a later `leave`. */
  enter(key: string, item: T): boolean {
    const behind = this.#waiting.get(key);
    if (behind === undefined) {
      this.#waiting.set(key, new Fifo());
      return true;
    }
    behind.push(item);
    return false;
  }

  /** The item in front is done: gives the next of its key, which may go now, or undefined when there is none. */
  leave(key: string): T | undefined {
    const behind = this.#waiting.get(key);
    const next = behind?.shift();
    if (next === undefined) this.#waiting.delete(key);
    return next;
  }

  /** How many items wait behind their key. */
  get waiting(): number {
    let sum = 0;
    for (const behind of this.#waiting.values()) sum += behind.length;
    return sum;
  }

  /** How many keys have an item that went and has not left. */
  get keys(): number {
    return this.#waiting.size;
  }
}
