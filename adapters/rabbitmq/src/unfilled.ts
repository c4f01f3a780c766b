import { Buffer } from "node:buffer";
import { jsonIn, type Start } from "@waybill/core";
import { withChannel } from "./channel.ts";
import type { Connection } from "./connection.ts";
import { unfilledQueue } from "./names.ts";
import { isThere } from "./presence.ts";
import { unfilled } from "./queues.ts";

/** Where an inbox begins. */
export type From = Start["from"];

/** Whether its filling was begun and is not done, or was interrupted. */
export function isUnfilled(connection: Connection, base: string): Promise<boolean> {
  return isThere(connection, unfilledQueue(base));
}

/** A filling that was begun. */
export interface Begun {
  readonly from: From;
  /** The lives of the inbox that may have left a past. */
  readonly lives: readonly string[];
}

/** Undefined where nothing was begun. For the holder of the lock. */
export async function fillingBegun(connection: Connection, base: string): Promise<Begun | undefined> {
  if (!(await isUnfilled(connection, base))) return undefined;
  return withChannel(connection, async (channel) => {
    const message = await channel.get(unfilledQueue(base));
    if (message === false) return undefined;
    channel.nack(message, false, true);
    return begunIn(message.content.toString());
  });
}

/** Undefined of what we have not written. */
function begunIn(text: string): Begun | undefined {
  const { from, lives } = Object(jsonIn(text)) as Readonly<Record<keyof Begun, unknown>>;
  const isFrom = from === "now" || from === "beginning" || typeof from === "number";
  const areLives = Array.isArray(lives) && lives.every((life) => typeof life === "string");
  return isFrom && areLives ? { from, lives } : undefined;
}

/** Its filling begins. Resolves when that is kept. */
export async function beginFilling(
  connection: Connection,
  base: string,
  begun: Begun,
  expires: number | undefined,
): Promise<void> {
  await withChannel(connection, async (channel) => {
    const queue = unfilledQueue(base);
    await channel.assertQueue(queue, unfilled(expires));
    await channel.purgeQueue(queue);
    channel.sendToQueue(queue, Buffer.from(JSON.stringify(begun)), { persistent: true });
    // The next answer of this channel comes after it was taken.
    await channel.checkQueue(queue);
  });
}

/** Its filling is done. */
export async function endFilling(connection: Connection, base: string): Promise<void> {
  await withChannel(connection, (channel) => channel.deleteQueue(unfilledQueue(base)));
}
