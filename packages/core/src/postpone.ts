import type { Duration } from "./duration.ts";
import { milliseconds } from "./duration.ts";

/** The least time until a postponed message comes again, so that it cannot go round and round. */
const leastMs = 100;

/**
 * Thrown by a handler or a middleware to say "not now": its group gets the message again after the delay, at least 100 ms. It
 * counts as no attempt, however often; in an ordered group its key waits for it. What the handler has sent does not leave.
 */
export class Postpone extends Error {
  override readonly name: string = "Postpone";
  readonly delayMs: number;

  /** @throws TypeError for a delay that is none */
  constructor(delay: Duration, why = "not now", options?: { readonly cause?: unknown }) {
    super(why, options);
    const ms = milliseconds(delay, "delay");
    if (ms === Infinity) throw new TypeError("delay is Infinity; give the time after which the message comes again");
    this.delayMs = Math.max(ms, leastMs);
  }
}
