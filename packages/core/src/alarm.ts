import type { Cancel, Clock } from "./clock.ts";

/** One timer for many deadlines: it rings at the earliest time it was set to, once; whoever hears it sets the next. */
export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #at = Infinity;
  #cancel: Cancel | undefined;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Rings at `at` (epoch ms), unless it rings earlier anyway. */
  set(at: number): void {
    if (at >= this.#at) return;
    this.clear();
    this.#at = at;
    this.#cancel = this.#clock.after(at - this.#clock.now(), () => {
      this.#at = Infinity;
      this.#cancel = undefined;
      this.#ring();
    });
  }

  clear(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#at = Infinity;
  }
}
