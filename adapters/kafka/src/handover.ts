import type { Clock } from "@waybill/core";
import type { Committer } from "./committer.ts";
import type { Pump } from "./pump.ts";
import type { Shard } from "./shard.ts";

interface Options {
  readonly pump: Pump;
  readonly committer: Committer;
  /** As whom we lend what is in hand; undefined while we are nobody. */
  readonly lender: () => string | undefined;
  readonly isOurs: () => boolean;
  readonly clock: Clock;
  readonly patienceMs: number;
}

/** So long handlers are waited for before what they have is said to be in hand elsewhere, ms. */
const shortPatienceMs = 500;
/** So many fit into the metadata of a commit, whatever else stands there. */
const mostLent = 250;

/**
 * Delivers no more of a shard, waits for what is in hand, and writes down how far it is. `lent`: what takes longer stays in hand, and all
 * else goes to whoever has the shard next; `ended`: nothing of it is ours any more.
 */
export async function handOver(shard: Shard, options: Options): Promise<"lent" | "ended"> {
  const { pump, committer, lender, isOurs, clock, patienceMs } = options;
  shard.state = "draining";
  pump.intake.drop(shard);
  const canLend = (): boolean => {
    if (lender() === undefined || shard.inHand > mostLent) return false;
    return pump.heldOf(shard).length === shard.inHand;
  };
  const since = clock.now();
  const waits = (): boolean => {
    const waited = clock.now() - since;
    if (shard.inHand === 0 || waited >= patienceMs) return false;
    return waited < Math.min(patienceMs, shortPatienceMs) || !canLend();
  };
  while (isOurs() && waits()) await new Promise<void>((resolve) => void clock.after(20, resolve));
  if (!isOurs()) return "ended";
  const by = lender();
  const lends = shard.inHand > 0 && patienceMs > 0 && by !== undefined && canLend();
  if (lends) {
    shard.state = "lent";
    shard.lender = by;
    for (const held of pump.heldOf(shard)) pump.intake.lend(held, by);
  }
  shard.reserveNothing();
  shard.letsGo = true;
  shard.handedOver = committer.commit(shard);
  const isDone = await shard.handedOver;
  return lends && isDone ? "lent" : "ended";
}
