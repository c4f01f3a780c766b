import { WaybillError } from "@waybill/core";
import type { Client } from "./client.ts";
import { toError } from "./errors.ts";
import type { Confirmed } from "./url.ts";

/**
 * Resolves when all that this client has done before on the server of `key` is on its disk, or on so many replicas. To be called when
 * the batch was answered. Rejects with `OUTCOME_UNKNOWN` where too few have it within `timeoutMs`: the server itself
 * keeps the batch, and may lose it with itself.
 */
export async function confirmed(client: Client, asked: Confirmed, key: string, timeoutMs: number): Promise<void> {
  if (asked.kind === "fsync") {
    const reply = await sent(client, "WAITAOF", ["1", "0", String(timeoutMs)], key);
    if (!(Array.isArray(reply) && Number(reply[0]) >= 1)) throw unknown("it is not on the server's disk", timeoutMs);
    return;
  }
  const count = Number(await sent(client, "WAIT", [String(asked.count), String(timeoutMs)], key));
  if (!(count >= asked.count)) throw unknown(`${count} of ${asked.count} replicas have it`, timeoutMs);
}

/** Also a refusal leaves the batch where it was: stored, and not confirmed. */
async function sent(client: Client, name: string, args: readonly string[], key: string): Promise<unknown> {
  try {
    return await client.command(name, args, key);
  } catch (thrown) {
    throw new WaybillError("OUTCOME_UNKNOWN", toError(thrown, client.node).message);
  }
}

function unknown(what: string, timeoutMs: number): WaybillError {
  return new WaybillError("OUTCOME_UNKNOWN", `redis: the batch was stored, but ${what} after ${timeoutMs} ms`);
}
