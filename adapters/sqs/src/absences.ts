import type { Clock } from "@waybill/core";

/** How long a queue has to be said to be missing before that is believed, ms. */
export const doubtMs = 3_000;
/** Between two of its denials: what was said before a longer time is no part of it, ms. It holds the longest backoff and a request. */
const gapMs = 10_000;

/**
 * Which queues are said not to be there. For a second SQS may say so of one that was just made, and ElasticMQ (1.7) of all when it has
 * just started and not read them yet; so it is doubted for a while.
 */
export class Absences {
  readonly #clock: Pick<Clock, "now">;
  /** Since when and when last, by their URLs. */
  readonly #said = new Map<string, { readonly since: number; last: number }>();

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  /** It is said to be missing; whether that is to be believed. */
  isBelieved(url: string): boolean {
    const now = this.#clock.now();
    for (const [other, { last }] of this.#said) if (now - last > gapMs) this.#said.delete(other);
    const said = this.#said.get(url) ?? { since: now, last: now };
    said.last = now;
    this.#said.set(url, said);
    return now - said.since >= doubtMs;
  }

  /** It has answered. */
  seen(url: string): void {
    this.#said.delete(url);
  }
}
