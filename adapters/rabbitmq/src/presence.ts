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
export async function isThere(connection: Connection, queue: string): Promise<boolean> {
  return (await readyIn(connection, queue)) !== undefined;
}

/** How much is ready in a queue; undefined where there is none. */
export async function readyIn(connection: Connection, queue: string): Promise<number | undefined> {
  return (await found(connection, (channel) => channel.checkQueue(queue)))?.messageCount;
}

/** Whether there is such an exchange. */
export async function isExchange(connection: Connection, exchange: string): Promise<boolean> {
  return (await found(connection, (channel) => channel.checkExchange(exchange))) !== undefined;
}

async function found<T>(connection: Connection, look: (channel: Channel) => Promise<T>): Promise<T | undefined> {
  try {
    return await withChannel(connection, look);
  } catch (thrown) {
    if (thrown instanceof WaybillError && thrown.code === "MISSING") return undefined;
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
