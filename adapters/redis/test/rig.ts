import { type AdapterContext, type Inbox, nameOf, type Source } from "@waybill/core";
import { openRig, type Rig as CommonRig } from "@waybill/test-servers";
import type { Client } from "../src/client.ts";
import { inboxKey, sourceKey } from "../src/names.ts";
import { redis } from "../src/redis.ts";
import { opened, settingsFor } from "./connection.ts";

export * from "@waybill/test-servers";

/** A transport, and somebody else who has its server in hand. */
export interface Rig extends CommonRig {
  readonly other: Client;
}

export const leaseMs = 600;
const namespace = "t";

/** `past` is the way of the other one, where the transport's leads through a proxy. */
export async function rigOn(
  url: string,
  options: object = {},
  past: string = url,
  over: Partial<AdapterContext> = {},
): Promise<Rig> {
  const rig = await openRig(redis, url, { namespace, options: { leaseMs, ...options }, ...over });
  const other = await opened(settingsFor(past));
  const close = async (): Promise<void> => {
    await rig[Symbol.asyncDispose]();
    await other.client.close();
  };
  return { ...rig, other: other.client, [Symbol.asyncDispose]: close };
}

/** What the keys of an inbox begin with. */
export function baseOf(inbox: Inbox): string {
  return inboxKey(namespace, nameOf(inbox));
}

export function keyOf({ name }: Source, part: string): string {
  return `${sourceKey(namespace, name)}/${part}`;
}

/** How many commands the server has done. */
export async function commandsOf({ other }: Rig): Promise<number> {
  const [, count] = /total_commands_processed:(\d+)/.exec(String(await other.command("INFO", ["stats"]))) ?? [];
  return Number(count);
}
