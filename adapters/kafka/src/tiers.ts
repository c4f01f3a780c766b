import type { Inbox } from "@waybill/core";

/*
 * What an inbox has to wait with lies in the partitions of its lanes: 0 for what may go on at once, and one for each time that is waited
 * there, so that each is in the order in which it is let go. From a longer one a message goes on to the longest that is left of its
 * delay, so it is never late for a tier's sake, and never early.
 */

/** How long a message stays in each partition, ms. */
const lasting = [0, 250, 2_000, 16_000, 128_000, 1_024_000, 8_192_000, 65_536_000] as const;
/** An inbox that is gone with its member has fewer, since each takes a while to make. */
const passing = [0, 4_000, 256_000] as const;

type Kind = Pick<Inbox, "ephemeral">;

/** How long a message stays in each partition of the lanes, ms. */
export function tiersOf({ ephemeral }: Kind): readonly number[] {
  return ephemeral ? passing : lasting;
}

/** So short a time is waited where the message is. */
export function shortMs({ ephemeral }: Kind): number {
  return ephemeral ? passing[1] : lasting[1];
}

/** The partition for what has to wait for so long. */
export function tierOf(ms: number, kind: Kind): number {
  return Math.max(
    tiersOf(kind).findLastIndex((stays) => stays <= ms),
    0,
  );
}
