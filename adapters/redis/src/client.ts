import { WaybillError } from "@waybill/core";
import { ClusterClient, linkToOwner } from "./cluster.ts";
import { Link, type LinkEvents } from "./link.ts";
import type { Argument } from "./packet.ts";
import type { Script } from "./script.ts";
import { linkToMaster } from "./sentinel.ts";
import type { Node, Settings } from "./url.ts";

/**
 * Speaks to one server, or to the masters of a cluster. Replies come as they are on the wire, bulk strings as Buffers, and
 * what was sent first is done first, as far as one key is concerned. Rejects with what ioredis throws: see `toError` and
 * `isCertain`. Nothing is sent twice unless the server has refused it before.
 */
export interface Client {
  /** Whom it speaks to; in a cluster the node that answered first. */
  readonly node: Node;
  /** `near` is a key of the server that is meant, where the command names none itself. */
  command(name: string, args: readonly Argument[], near?: string): Promise<unknown>;
  run(script: Script, keys: readonly string[], args: readonly Argument[]): Promise<unknown>;
  /** What is under way rejects. Resolves when the sockets are closed. Safe to repeat. */
  close(): Promise<void>;
}

/** How long a blocking command may block, ms. */
export const longestBlockMs = 5_000;

/**
 * Opens a client for everything that does not block. It never reconnects: when a link is lost everything under way rejects,
 * and `onLost` is called once. Rejects with `PERMISSION`, `CONFIG` or `UNAVAILABLE`.
 */
export function openClient(settings: Settings, events: LinkEvents): Promise<Client> {
  return settings.kind === "cluster" ? ClusterClient.open(settings, events) : openLink(settings, events);
}

/**
 * Opens a client for commands that block, up to 5 s each, on keys that live where `key` does. After any error of a
 * command it is closed and another opened, since its keys may live on another node now.
 */
export function openBlocking(settings: Settings, key: string): Promise<Client> {
  const patient = { ...settings, commandTimeoutMs: settings.commandTimeoutMs + longestBlockMs };
  const events = { onLost: () => undefined };
  return settings.kind === "cluster" ? linkToOwner(key, patient, events) : openLink(patient, events);
}

async function openLink(settings: Settings, events: LinkEvents): Promise<Client> {
  if (settings.kind === "sentinel") return linkToMaster(settings, events);
  const [node] = settings.nodes;
  if (node === undefined) throw new WaybillError("CONFIG", "redis: needs a host, such as redis://localhost");
  return Link.open(node, settings, events);
}
