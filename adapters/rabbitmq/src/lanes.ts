import type { Inbox } from "@waybill/core";
import { shardCount } from "./names.ts";

/** Whether the members share it by shards: a single member needs none. */
export function isSharded({ ordered, ephemeral }: Inbox): boolean {
  return ordered && !ephemeral;
}

/** The queues of an inbox: one for each shard, or one for each priority. */
export function lanesOf(inbox: Inbox): readonly number[] {
  const count = isSharded(inbox) ? shardCount : inbox.ordered ? 1 : inbox.shape.priorities;
  return Array.from({ length: count }, (_, lane) => lane);
}

/** The lanes of topics that a queue takes. */
export function boundTo(inbox: Inbox, lane: number): readonly (number | "all")[] {
  if (isSharded(inbox)) {
    if (inbox.shape.kind !== "pattern") return [lane];
    // A topic with priorities has more lanes than shards.
    return Array.from({ length: 32 }, (_, each) => each).filter((each) => each % shardCount === lane);
  }
  return inbox.shape.priorities > 1 ? [lane] : ["all"];
}
