import { WaybillError } from "@waybill/core";
import type { Channel } from "amqplib";
import { withChannel } from "./channel.ts";
import type { Connection } from "./connection.ts";

/** How many of the queues are there. */
export async function countThere(connection: Connection, queues: readonly string[]): Promise<number> {
  let count = 0;
  for (const queue of queues) if (await isThere(connection, queue)) count += 1;
  return count;
}

/** Whether there is such a queue. */
export function isThere(connection: Connection, queue: string): Promise<boolean> {
  return isFound(connection, (channel) => channel.checkQueue(queue));
}

/** Whether there is such an exchange. */
export function isExchange(connection: Connection, exchange: string): Promise<boolean> {
  return isFound(connection, (channel) => channel.checkExchange(exchange));
}

async function isFound(connection: Connection, look: (channel: Channel) => Promise<unknown>): Promise<boolean> {
  try {
    await withChannel(connection, look);
    return true;
  } catch (thrown) {
    if (thrown instanceof WaybillError && thrown.code === "MISSING") return false;
    throw thrown;
  }
}

/** The groups that were ever written down. They are taken, to be deleted with the card. */
export async function groupsIn(channel: Channel, card: string): Promise<ReadonlySet<string>> {
  const groups = new Set<string>();
  for (;;) {
    const message = await channel.get(card);
    if (message === false) return groups;
    groups.add(message.content.toString());
  }
}
