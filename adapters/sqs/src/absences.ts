import type { Clock } from "@waybill/core";

/** How long a queue has to be said to be missing before that is believed, ms. */
const doubtMs = 3_000;
/** What was said before that is no part of it, ms. */
const memoryMs = 60_000;

/**
 * Which queues are said not to be there. For a second SQS may say so of one that was just made, and ElasticMQ (1.7) of all when it has
 * just started and not read them yet; so it is doubted for a while.
 */
export class Absences {
  readonly #clock: Pick<Clock, "now">;
  /** Since when, by their URLs. */
  readonly #since = new Map<string, number>();

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  /** It is said to be missing; whether that is to be believed. */
  isBelieved(url: string): boolean {
    const now = this.#clock.now();
    const known = this.#since.get(url);
    const since = known === undefined || now - known > memoryMs ? now : known;
    this.#since.set(url, since);
    return now - since >= doubtMs;
  }

  /** It has answered. */
  seen(url: string): void {
    this.#since.delete(url);
  }
}
