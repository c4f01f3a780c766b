import { type Manifest, WaybillError } from "@waybill/core";
import { type Client, openClient } from "./client.ts";
import { addressOf, isCertain, toError } from "./errors.ts";
import type { LinkEvents } from "./link.ts";
import type { Confirmed, Node, Settings } from "./url.ts";

export interface ServerFacts {
  readonly node: Node;
  readonly product: "redis" | "valkey";
  /** Of Redis, or the one a Valkey is compatible with. */
  readonly version: readonly [major: number, minor: number, patch: number];
  readonly role: string;
  /** What a success means by itself: kept in memory, by the process's end, on the disk. */
  readonly durability: Manifest["durability"];
  readonly maxmemoryPolicy: string | undefined;
  readonly replicas: number;
  /** `waitaof`: it tells when a batch is on its disk, which with `appendfsync everysec` is up to a second later. */
  readonly has: { readonly waitaof: boolean };
}

export interface Terms {
  /** What a success means, with what is asked for added. */
  readonly durability: Manifest["durability"];
  /** What each batch has to wait for so that it does. */
  readonly confirm: Confirmed | undefined;
  readonly warnings: readonly Warning[];
}

interface Warning {
  readonly code: string;
  readonly text: string;
}

const oldest = [6, 2] as const;

export interface OpenServer {
  readonly client: Client;
  readonly facts: ServerFacts;
  readonly terms: Terms;
}

/** Opens a client to a server that will do, and warns of its risks. Rejects as `openClient` and `checkServer` do. */
export async function openServer(settings: Settings, events: LinkEvents): Promise<OpenServer> {
  const client = await openClient(settings, events);
  try {
    const facts = await factsOf(client);
    const terms = checkServer(facts, settings);
    warn(facts, terms);
    return { client, facts, terms };
  } catch (thrown) {
    await client.close();
    throw toError(thrown, client.node);
  }
}

/** Asks a server what it is. What a managed service does not tell, it is not credited with. */
export async function factsOf(client: Client): Promise<ServerFacts> {
  const [info, fsync] = await Promise.all([infoOf(client), fsyncOf(client)]);
  const appendonly = info.get("aof_enabled") === "1";
  const version = versionOf(info.get("redis_version") ?? "");
  return {
    node: client.node,
    product: info.has("valkey_version") ? "valkey" : "redis",
    version,
    role: info.get("role") ?? "master",
    durability: durabilityOf(appendonly, fsync),
    maxmemoryPolicy: info.get("maxmemory_policy"),
    replicas: Number(info.get("connected_slaves") ?? 0),
    has: { waitaof: atLeast(version, [7, 2]) && appendonly && fsync !== "no" },
  };
}

/**
 * What holds on this server.
 * @throws WaybillError `UNSUPPORTED` for a server that is too old or cannot give the durability asked for, `UNAVAILABLE` for a replica
 */
export function checkServer(facts: ServerFacts, settings: Pick<Settings, "durability">): Terms {
  if (!atLeast(facts.version, oldest))
    throw refusal(
      "UNSUPPORTED",
      facts,
      `is version ${facts.version.join(".")}; Waybill needs Redis ${oldest.join(".")} or later`,
    );
  if (facts.role !== "master")
    throw refusal("UNAVAILABLE", facts, "is a replica and takes no writes; connect to its master, or by sentinels");
  return { ...promiseOf(facts, settings.durability), warnings: warningsOf(facts) };
}

function promiseOf(facts: ServerFacts, asked: Confirmed | undefined): Omit<Terms, "warnings"> {
  if (asked === undefined) return { durability: facts.durability, confirm: undefined };
  if (asked.kind === "replicas") return { durability: "replicated", confirm: asked };
  if (facts.durability === "disk") return { durability: "disk", confirm: undefined };
  if (facts.has.waitaof) return { durability: "disk", confirm: asked };
  const why = `cannot give durability "fsync"; set appendfsync always, or take Redis 7.2 with appendonly yes and appendfsync everysec`;
  throw refusal("UNSUPPORTED", facts, why);
}

function warningsOf({ maxmemoryPolicy, durability }: ServerFacts): readonly Warning[] {
  const warnings: Warning[] = [];
  if (maxmemoryPolicy !== undefined && maxmemoryPolicy !== "noeviction")
    warnings.push({
      code: "WAYBILL_REDIS_EVICTION",
      text: `maxmemory-policy is ${maxmemoryPolicy}: when its memory is full it throws messages away; set noeviction`,
    });
  if (durability === "none")
    warnings.push({
      code: "WAYBILL_REDIS_VOLATILE",
      text: "appendonly is off: a restart loses what came since the last snapshot; set appendonly yes",
    });
  return warnings;
}

const warned = new Set<string>();

/** Tells the user, once in a process for each server and risk, as a `process.on("warning")`. */
export function warn({ node }: ServerFacts, { warnings }: Terms): void {
  for (const { code, text } of warnings) {
    const about = `${code} ${addressOf(node)}`;
    if (warned.has(about)) continue;
    warned.add(about);
    process.emitWarning(`redis at ${addressOf(node)}: ${text}`, { type: "WaybillWarning", code });
  }
}

async function infoOf(client: Client): Promise<ReadonlyMap<string, string>> {
  const text = String(await client.command("INFO", []));
  return new Map(Array.from(text.matchAll(/^(\w+):(.*?)\r?$/gm), ([, name = "", value = ""]) => [name, value]));
}

/** When it writes to its disk: `always`, `everysec`, `no`; undefined where it does not tell. */
async function fsyncOf(client: Client): Promise<string | undefined> {
  try {
    const reply = await client.command("CONFIG", ["GET", "appendfsync"]);
    return Array.isArray(reply) ? String(reply[1]) : undefined;
  } catch (thrown) {
    if (isCertain(thrown)) return undefined;
    throw toError(thrown, client.node);
  }
}

function durabilityOf(appendonly: boolean, fsync: string | undefined): Manifest["durability"] {
  if (!appendonly) return "none";
  return fsync === "always" ? "disk" : "process";
}

function versionOf(text: string): readonly [number, number, number] {
  const [, major = 0, minor = 0, patch = 0] = /^(\d+)\.(\d+)\.(\d+)/.exec(text) ?? [];
  return [Number(major), Number(minor), Number(patch)];
}

function atLeast([major, minor]: readonly number[], [least = 0, lesser = 0]: readonly number[]): boolean {
  return Number(major) > least || (major === least && Number(minor) >= lesser);
}

function refusal(code: "UNSUPPORTED" | "UNAVAILABLE", { node }: ServerFacts, why: string): WaybillError {
  return new WaybillError(code, `redis at ${addressOf(node)} ${why}`);
}
