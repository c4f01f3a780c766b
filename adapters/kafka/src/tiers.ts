/*
 * What an inbox has to wait with lies in the partitions of its lanes: 0 for what may go on at once, and one for each time that is waited
 * there, so that each is in the order in which it is let go. From a longer one a message goes on to the longest that is left of its
 * delay, so it is never late for a tier's sake, and never early.
 */

/** How long a message stays in each partition, ms. */
const tiersMs = [0, 250, 2_000, 16_000, 128_000, 1_024_000, 8_192_000, 65_536_000] as const;

/** So short a time is waited where the message is. */
export const shortMs: number = tiersMs[1];

export const tiers: number = tiersMs.length;

/** Where to put what has to wait for so long. */
export function tierOf(ms: number): number {
  return Math.max(
    tiersMs.findLastIndex((stays) => stays <= ms),
    0,
  );
}

/** When (epoch ms) what was put into a tier at `since`, and is due at `dueAt`, leaves it. */
export function releaseAt(tier: number, since: number, dueAt: number): number {
  return Math.min(dueAt, since + (tiersMs[tier] ?? 0));
}
