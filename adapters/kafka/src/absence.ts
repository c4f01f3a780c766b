import type { Clock } from "@waybill/core";

/** No broker knows of a topic for so long: it was removed, ms. One may not know yet of one that is new. */
const goneMs = 5_000;

/** Which topics nobody knows of any more. */
export class Absence {
  readonly #clock: Clock;
  readonly #since = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** It is there. */
  seen(topic: string): void {
    this.#since.delete(topic);
  }

  /** It was not there at this look; whether it is gone. */
  isGone(topic: string): boolean {
    const now = this.#clock.now();
    const since = this.#since.get(topic) ?? now;
    this.#since.set(topic, since);
    return now - since >= goneMs;
  }
}
