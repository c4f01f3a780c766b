import type { Shard } from "./shard.ts";

/** From so many crashes on a message is in hand alone. */
const suspicious = 2;

/**
 * Whether an offset may come into hand now. If not, a commit has to say first that it may be in hand, or it waits until nothing else is:
 * what was in hands that died counts as a delivery, and what may have killed them must not be taken for its neighbours (DLQ-4).
 */
export function mayComeIntoHand(shard: Shard, offset: number, reserve: (shard: Shard) => void): boolean {
  if (shard.suspect !== undefined && shard.inHand === 0 && shard.suspect !== offset) shard.suspect = undefined;
  const isSuspect = shard.progress.crashesOf(offset) >= suspicious;
  if (shard.suspect !== undefined && shard.inHand > 0) return false;
  if (isSuspect && shard.suspect !== offset) {
    if (shard.inHand > 0 || shard.isReserving) return false;
    shard.suspect = offset;
    shard.reserveOnly(offset);
    reserve(shard);
    return false;
  }
  if (shard.isReserved(offset)) return true;
  if (shard.isReserving) return false;
  if (isSuspect) shard.reserveOnly(offset);
  else shard.reserve();
  reserve(shard);
  return false;
}
