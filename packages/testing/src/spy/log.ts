import { AssertionError } from "node:assert";
import { type Duration, milliseconds } from "@waybill/core";

export interface WaitOptions {
  /** How long to wait at most, by the machine's clock. Default `"5s"`. */
  readonly within?: Duration | undefined;
}

/** What one who waits asks for, and what he is told if it does not come. */
interface Wish<T> {
  readonly fits: (entry: T) => boolean;
  readonly failure: (ms: number) => string;
}

/** Entries in the order they came, the one that is wished for as soon as it is there. */
export class Log<T> {
  readonly entries: T[] = [];
  readonly #waiting = new Set<(entry: T) => void>();

  add(entry: T): void {
    this.entries.push(entry);
    for (const look of this.#waiting) look(entry);
  }

  /** The first entry that fits, be it there or to come. Rejects with an `AssertionError` when it has not come in time. */
  first({ fits, failure }: Wish<T>, { within = "5s" }: WaitOptions): Promise<T> {
    const ms = milliseconds(within, "within");
    const found = this.entries.find(fits);
    if (found !== undefined) return Promise.resolve(found);
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const look = (entry: T): void => {
      try {
        if (fits(entry)) resolve(entry);
      } catch (error) {
        reject(error);
      }
    };
    this.#waiting.add(look);
    const timer = setTimeout(() => reject(new AssertionError({ message: failure(ms) })), ms);
    return promise.finally(() => {
      clearTimeout(timer);
      this.#waiting.delete(look);
    });
  }
}
