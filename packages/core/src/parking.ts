import type { Clock } from "./clock.ts";
import type { Delivery, Headers, Settlement } from "./seam.ts";

/*
 * A due time further away than the carrier can keep a message waiting is written on the message, which then comes early, as late
 * as the carrier can, and is put back by whoever gets it until it is due (DLY-2).
 */

const header = "waybill-due";
/** The last time that a Date can hold. */
export const latest = 8.64e15;

/** When the carrier is to deliver what is due at `at`, and what has to be written on it. */
export interface Parking {
  readonly deliverAt: number;
  readonly headers: Headers | undefined;
}

/** How to make a carrier that waits at most `maxDelay` ms keep a message until `at`. */
export function park(at: number, now: number, maxDelay: number): Parking {
  if (at - now <= maxDelay) return { deliverAt: at, headers: undefined };
  return { deliverAt: now + maxDelay, headers: { [header]: String(at) } };
}

/** Puts back what is not due yet; undefined where it is. */
export function parked(delivery: Delivery, clock: Pick<Clock, "now">, maxDelay: number): Settlement | undefined {
  const written = delivery.headers[header];
  if (written === undefined) return undefined;
  const due = Number(written);
  const left = due - clock.now();
  // What a foreign hand wrote there is no reason to wait, or to wait for ever.
  if (!(left > 0 && due <= latest)) return undefined;
  return { delivery, outcome: "retry", delayMs: Math.min(left, maxDelay), failed: false, note: {} };
}

/** A retry as the carrier can do it. */
export function parkedRetry(settlement: Settlement, now: number, maxDelay: number): Settlement {
  if (settlement.outcome !== "retry" || settlement.delayMs <= maxDelay) return settlement;
  const { headers } = park(now + settlement.delayMs, now, maxDelay);
  return { ...settlement, delayMs: maxDelay, note: { ...settlement.note, ...headers } };
}
