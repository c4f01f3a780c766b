import type { Depth, Inbox } from "@waybill/core";
import { withChannel } from "./channel.ts";
import type { Connection } from "./connection.ts";
import type { Management } from "./management.ts";
import type { Incarnations } from "./incarnations.ts";
import { isSharded, lanesOf } from "./lanes.ts";
import { deadQueue, pastQueue, readyQueue } from "./names.ts";
import { readyIn } from "./presence.ts";

export interface Asked {
  readonly inbox: Inbox;
  readonly base: string;
  readonly management: Management | undefined;
  readonly incarnations: Incarnations;
}

/**
 * The protocol tells what is ready and what is dead, now. What is in hand management tells, where there is one, as of some seconds ago;
 * what is on its way through the delay nobody does.
 */
export async function depthOf(connection: Connection, asked: Asked): Promise<Depth> {
  const { inbox, base, management } = asked;
  const queues = lanesOf(inbox).map((lane) => readyQueue(base, lane));
  const [now, inFlight, past] = await Promise.all([
    withChannel(connection, async (channel) => {
      const { messageCount: dead } = await channel.checkQueue(deadQueue(base));
      const ready = [];
      for (const queue of queues) ready.push(await channel.checkQueue(queue));
      return { ready, dead };
    }),
    management && unackedIn(management, queues),
    pastOf(connection, asked),
  ]);
  let ready = 0;
  for (const [lane, { messageCount, consumerCount }] of now.ready.entries()) {
    const before = past[lane];
    // The word behind which the past comes first, and the one at its end, are no messages.
    const words = before === undefined || consumerCount > 0 ? 0 : 1;
    ready += Math.max(0, messageCount - words) + Math.max(0, (before ?? 0) - 1);
  }
  return { ready, dead: now.dead, inFlight, delayed: undefined, oldestAt: undefined };
}

/** What is ready in each shard's past; undefined of those that have none. */
async function pastOf(
  connection: Connection,
  { inbox, base, incarnations }: Asked,
): Promise<readonly (number | undefined)[]> {
  if (!isSharded(inbox) || inbox.shape.retainMs === 0) return [];
  const life = await incarnations.current(connection, base);
  return Promise.all(lanesOf(inbox).map((lane) => readyIn(connection, pastQueue(base, lane, life))));
}

async function unackedIn(management: Management, queues: readonly string[]): Promise<number | undefined> {
  const counts = await Promise.all(queues.map((queue) => management.countsOf(queue)));
  let sum = 0;
  for (const count of counts) {
    if (count?.unacked === undefined) return undefined;
    sum += count.unacked;
  }
  return sum;
}
