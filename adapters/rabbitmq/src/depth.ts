import type { Depth, Inbox } from "@waybill/core";
import { withChannel } from "./channel.ts";
import type { Connection } from "./connection.ts";
import { deadQueue, readyQueue } from "./names.ts";
import { lanesOf } from "./lanes.ts";

/** What the protocol tells: what is ready and what is dead. The rest is in hands, or on its way through the delay. */
export async function depthOf(connection: Connection, inbox: Inbox, base: string): Promise<Depth> {
  return withChannel(connection, async (channel) => {
    const { messageCount: dead } = await channel.checkQueue(deadQueue(base));
    let ready = 0;
    for (const lane of lanesOf(inbox)) ready += (await channel.checkQueue(readyQueue(base, lane))).messageCount;
    return { ready, inFlight: undefined, delayed: undefined, dead, oldestAt: undefined };
  });
}
