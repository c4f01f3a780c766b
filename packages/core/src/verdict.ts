import { isA } from "./is-a.ts";
import type { DeadReason } from "./note.ts";
import { deathNote, retryNote } from "./note.ts";
import { Postpone } from "./postpone.ts";
import { Newer, Unreadable } from "./reader.ts";
import type { RetryPolicy } from "./retry.ts";
import { decide } from "./retry.ts";
import type { Delivery, Inbox, Random, Settlement } from "./seam.ts";

/** What becomes of a message of a version that only members ahead of this one know; see `WorkOptions`. */
export type NewerPolicy = "dead-letter" | "wait";

export interface VerdictContext {
  readonly inbox: Inbox;
  readonly retry: RetryPolicy;
  readonly newer: NewerPolicy;
  readonly random: Random;
  readonly clock: { now(): number };
}

/** From this many crashes on a message is handled alone; at the second figure it is convicted (DLQ-4). */
const suspectAt = 3;
const convictAt = 10;
/** How long a newer version waits for a member that knows it before somebody looks again, ms. */
const newerWaitMs = 60_000;

/** How many members died with the message in hand, or lost their lease of it, as far as the broker's count tells. */
function crashesOf({ deliveries, failures }: Delivery): number {
  return (deliveries ?? 1) - 1 - failures;
}

/** Whether it may be what killed members before, so that it is to be handled alone. */
export function isSuspect(delivery: Delivery): boolean {
  return crashesOf(delivery) >= suspectAt;
}

/** Its burial if it has been in the hands of too many members that died; undefined otherwise. */
export function conviction(delivery: Delivery, context: VerdictContext): Settlement | undefined {
  const crashes = crashesOf(delivery);
  if (crashes < convictAt) return undefined;
  return burial(
    delivery,
    "crashed",
    new Error(`${crashes} members died while they had it, or lost their lease`),
    context,
  );
}

/** What becomes of a message whose handling has failed with `error`. */
export function failure(delivery: Delivery, error: unknown, context: VerdictContext): Settlement {
  if (isA(error, Newer) && context.newer === "wait") return postponement(delivery, newerWaitMs);
  if (isA(error, Unreadable)) return burial(delivery, error.reason, error, context);
  if (isA(error, Postpone)) return postponement(delivery, error.delayMs);
  const decision = decide(context.retry, error, delivery.failures, context.random);
  if (decision.outcome === "dead") return burial(delivery, decision.reason, error, context);
  const note = retryNote(delivery.headers, context.clock.now());
  return { delivery, outcome: "retry", delayMs: decision.delayMs, failed: true, note };
}

function postponement(delivery: Delivery, delayMs: number): Settlement {
  return { delivery, outcome: "retry", delayMs, failed: false, note: {} };
}

function burial(delivery: Delivery, reason: DeadReason, error: unknown, { inbox, clock }: VerdictContext): Settlement {
  const attempts = delivery.failures + (reason === "exhausted" || reason === "permanent" ? 1 : 0);
  const death = { reason, attempts, deadAt: clock.now(), source: inbox.source, group: inbox.group };
  return { delivery, outcome: "dead", note: deathNote(delivery.headers, death, error) };
}
