import type { Depth, Inbox } from "@waybill/core";
import { withChannel } from "./channel.ts";
import type { Connection } from "./connection.ts";
import type { Management } from "./management.ts";
import { lanesOf } from "./lanes.ts";
import { deadQueue, readyQueue } from "./names.ts";

export interface Asked {
  readonly inbox: Inbox;
  readonly base: string;
  readonly management: Management | undefined;
}

/**
 * The protocol tells what is ready and what is dead, now. What is in hand management tells, where there is one, as of some seconds ago;
 * what is on its way through the delay nobody does.
 */
export async function depthOf(connection: Connection, { inbox, base, management }: Asked): Promise<Depth> {
  const queues = lanesOf(inbox).map((lane) => readyQueue(base, lane));
  const [now, inFlight] = await Promise.all([
    withChannel(connection, async (channel) => {
      const { messageCount: dead } = await channel.checkQueue(deadQueue(base));
      let ready = 0;
      for (const queue of queues) ready += (await channel.checkQueue(queue)).messageCount;
      return { ready, dead };
    }),
    management && unackedIn(management, queues),
  ]);
  return { ...now, inFlight, delayed: undefined, oldestAt: undefined };
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
