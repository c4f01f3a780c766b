import type { Clock } from "./clock.ts";

/** Between two denials of one place: what was said before a longer time is no part of it, ms. It holds the longest backoff and a request. */
const gapMs = 10_000;

/**
 * Which places brokers say are not there. One may not know yet of what is new, or of anything when it has just started; so that is
 * doubted for a while.
 */
export class Absences {
  readonly #clock: Pick<Clock, "now">;
  readonly #doubtMs: number;
  /** Since when and when last, by their names. */
  readonly #said = new Map<string, { readonly since: number; last: number }>();

  /** `doubtMs`: for how long it has to be said until it is believed. */
  constructor(clock: Pick<Clock, "now">, doubtMs: number) {
    this.#clock = clock;
    this.#doubtMs = doubtMs;
  }

  /** It is said to be missing; whether that is to be believed. */
  isBelieved(name: string): boolean {
    const now = this.#clock.now();
    for (const [other, { last }] of this.#said) if (now - last > gapMs) this.#said.delete(other);
    const said = this.#said.get(name) ?? { since: now, last: now };
    said.last = now;
    this.#said.set(name, said);
    return now - said.since >= this.#doubtMs;
  }

  /** It is there. */
  seen(name: string): void {
    this.#said.delete(name);
  }
}
