import { WaybillError } from "@waybill/core";
import type { Argument } from "./packet.ts";
import { replyCode, toError } from "./errors.ts";
import type { Node } from "./url.ts";

/** What stands under the last part of our names. */
const types: Readonly<Record<string, string>> = {
  meta: "hash",
  groups: "hash",
  busy: "hash",
  sources: "hash",
  patterns: "hash",
  calls: "hash",
  members: "zset",
  due: "zset",
  index: "zset",
  ephemeral: "zset",
  fenced: "set",
  layout: "string",
};

/** Who can be asked. */
interface Asked {
  readonly node: Node;
  command(name: string, args: readonly Argument[]): Promise<unknown>;
}

/** What a command was refused with: where a key has a value of another type, the error says which one. */
export async function refusalBy(asked: Asked, thrown: unknown, keys: readonly Argument[]): Promise<unknown> {
  if (replyCode(thrown) !== "WRONGTYPE") return thrown;
  for (const key of new Set(keys)) {
    if (typeof key !== "string" || !key.startsWith("wb:")) continue;
    const there = await typeAt(asked, key);
    const wanted = typeOf(key);
    if (there === "none" || there === wanted) continue;
    const { message } = toError(thrown, asked.node);
    return new WaybillError("CORRUPT", `${message}: ${JSON.stringify(key)} is a ${there}, not a ${wanted}`);
  }
  return thrown;
}

async function typeAt(asked: Asked, key: string): Promise<string> {
  try {
    return String(await asked.command("TYPE", [key]));
  } catch {
    return "none";
  }
}

function typeOf(key: string): string {
  const [, name = ""] = /\/([a-z]+)/.exec(key.slice(key.indexOf("}"))) ?? [];
  return types[name] ?? "stream";
}
