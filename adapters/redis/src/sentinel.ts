import { WaybillError } from "@waybill/core";
import { addressOf, toError } from "./errors.ts";
import { Link, type LinkEvents } from "./link.ts";
import type { Node, Settings } from "./url.ts";

/**
 * Opens a link to the master the sentinels name. Each is asked in turn until one names a server that says of itself that it
 * is the master, since one that was cut off may name an older one. Rejects as `Link.open` does.
 */
export async function linkToMaster(settings: Settings, events: LinkEvents): Promise<Link> {
  const reasons: string[] = [];
  for (const sentinel of settings.nodes) {
    try {
      const link = await Link.open(await askFor(settings, sentinel), settings, events);
      if (await isMaster(link)) return link;
      reasons.push(`${addressOf(link.node)}, which ${addressOf(sentinel)} names, is no master`);
      await link.close();
    } catch (thrown) {
      const error = toError(thrown, sentinel);
      if (!error.transient) throw error;
      reasons.push(error.message);
    }
  }
  throw new WaybillError("UNAVAILABLE", `redis: no sentinel leads to a master: ${reasons.join("; ")}`);
}

async function askFor(settings: Settings, sentinel: Node): Promise<Node> {
  const asking = { ...settings, credentials: settings.sentinelCredentials, db: 0 };
  const link = await Link.open(sentinel, asking, { onLost: () => undefined });
  try {
    const answer = await link.command("SENTINEL", ["get-master-addr-by-name", settings.master ?? ""]);
    if (Array.isArray(answer)) return { host: String(answer[0]), port: Number(answer[1]) };
  } finally {
    await link.close();
  }
  throw new WaybillError(
    "CONFIG",
    `redis: the sentinel at ${addressOf(sentinel)} knows no master "${settings.master}"; see its "sentinel monitor"`,
  );
}

async function isMaster(link: Link): Promise<boolean> {
  try {
    const role = await link.command("ROLE", []);
    return Array.isArray(role) && String(role[0]) === "master";
  } catch (thrown) {
    await link.close();
    throw toError(thrown, link.node);
  }
}
