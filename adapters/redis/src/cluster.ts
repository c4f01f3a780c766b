import { WaybillError } from "@waybill/core";
import type { Client } from "./client.ts";
import { addressOf, replyCode, toError } from "./errors.ts";
import { Link, type LinkEvents, scriptPacket } from "./link.ts";
import type { Argument } from "./packet.ts";
import type { Script } from "./script.ts";
import { redirectOf, slotOf, slotOfKey, Slots } from "./slots.ts";
import type { Node, Settings } from "./url.ts";

/** `asking`: the node is to answer although the slot is still on its way to it. */
type Ask = (link: Link, asking: boolean) => Promise<unknown>;

const ignore = { onLost: (): void => undefined };
const mostRedirects = 5;

/** The masters that each cluster had when it was last looked at: the nodes we were told of may be gone by now. */
const lastSeen = new WeakMap<Settings["nodes"], readonly Node[]>();

/** Opens a link to the master that owns the slot of `key`. */
export async function linkToOwner(key: string, settings: Settings, events: LinkEvents): Promise<Link> {
  const { link, slots } = await look(settings);
  await link.close();
  return Link.open(ownerIn(slots, slotOfKey(key)), settings, events);
}

/**
 * One link to each master that is spoken to, opened when it is. ioredis's own cluster client sends again what was lost with a
 * connection; this one sends again only what a node has refused because the slot is another's. When one link is lost, all
 * are closed: there is one loss to recover from.
 */
export class ClusterClient implements Client {
  readonly node: Node;
  readonly #settings: Settings;
  readonly #links = new Map<string, Promise<Link>>();
  #slots: Slots;
  #events: LinkEvents | undefined;
  #over: WaybillError | undefined;
  #looking = false;

  private constructor(settings: Settings, node: Node, slots: Slots) {
    this.#settings = settings;
    this.node = node;
    this.#slots = slots;
  }

  static async open(settings: Settings, events: LinkEvents): Promise<ClusterClient> {
    const { link, slots } = await look(settings);
    await link.close();
    const client = new ClusterClient(settings, link.node, slots);
    client.#events = events;
    return client;
  }

  command(name: string, args: readonly Argument[], near?: string): Promise<unknown> {
    const slot = near === undefined ? slotOf(name, args) : slotOfKey(near);
    return this.#ask(slot, (link) => link.command(name, args));
  }

  run(script: Script, keys: readonly string[], args: readonly Argument[]): Promise<unknown> {
    const [key] = keys;
    // A script that is not there cannot be asked for a second time: the leave to ask holds for one command.
    const ask: Ask = (link, asking) =>
      asking ? link.send(scriptPacket("EVAL", script.lua, keys, args)) : link.run(script, keys, args);
    return this.#ask(key === undefined ? undefined : slotOfKey(key), ask);
  }

  async close(): Promise<void> {
    this.#events = undefined;
    await this.#end(new WaybillError("CLOSED", "redis: the connection to the cluster was closed"));
  }

  async #ask(slot: number | undefined, ask: Ask): Promise<unknown> {
    let link = await this.#linkTo(ownerIn(this.#slots, slot));
    for (let redirects = 0, asking = false; ; redirects += 1) {
      try {
        return await ask(link, asking);
      } catch (thrown) {
        const redirect = redirectOf(thrown, link.node);
        if (redirect === undefined || redirects === mostRedirects) throw thrown;
        link = await this.#linkTo(redirect.node);
        asking = redirect.once;
        if (asking) link.command("ASKING", []).catch(() => undefined);
        else this.#move(redirect.slot, redirect.node);
      }
    }
  }

  /** What rejects here was never sent. */
  #linkTo(node: Node): Promise<Link> {
    if (this.#over !== undefined) return Promise.reject(this.#over);
    const address = addressOf(node);
    const known = this.#links.get(address);
    if (known !== undefined) return known;
    const opening = Link.open(node, this.#settings, { onLost: (error) => this.#lose(error) });
    this.#links.set(address, opening);
    opening.catch(() => {
      this.#links.delete(address);
      void this.#lookAgain();
    });
    return opening;
  }

  #move(slot: number, node: Node): void {
    this.#slots.moved(slot, node);
    void this.#lookAgain();
  }

  async #lookAgain(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      const { link, slots } = await look(this.#settings);
      this.#slots = slots;
      await link.close();
    } catch {
      // The next command that goes astray looks again.
    } finally {
      this.#looking = false;
    }
  }

  #lose(error: WaybillError): void {
    if (this.#over !== undefined) return;
    void this.#end(error);
    this.#events?.onLost(error);
  }

  async #end(why: WaybillError): Promise<void> {
    this.#over ??= why;
    const opened = await Promise.allSettled(this.#links.values());
    const links = opened.flatMap((link) => (link.status === "fulfilled" ? [link.value] : []));
    await Promise.all(links.map((link) => link.close()));
  }
}

function ownerIn(slots: Slots, slot: number | undefined): Node {
  const owner = slots.ownerOf(slot);
  if (owner !== undefined) return owner;
  throw new WaybillError("UNAVAILABLE", `redis: no node of the cluster owns slot ${slot}; see CLUSTER INFO`);
}

/** Asks the nodes in turn who owns what. */
async function look(settings: Settings): Promise<{ readonly link: Link; readonly slots: Slots }> {
  const nodes = [...settings.nodes, ...(lastSeen.get(settings.nodes) ?? [])];
  let failure = new WaybillError("CONFIG", "redis: a cluster needs at least one node");
  for (const node of nodes) {
    try {
      const link = await Link.open(node, settings, ignore);
      const slots = await slotsBy(link);
      lastSeen.set(settings.nodes, slots.masters);
      return { link, slots };
    } catch (thrown) {
      failure = toError(thrown, node);
      if (!failure.transient) throw failure;
    }
  }
  throw failure;
}

async function slotsBy(link: Link): Promise<Slots> {
  try {
    return Slots.of(await link.command("CLUSTER", ["SLOTS"]), link.node);
  } catch (thrown) {
    await link.close();
    if (replyCode(thrown) !== "ERR" || !/cluster support disabled/.test(String(thrown))) throw thrown;
    throw new WaybillError("CONFIG", `redis at ${addressOf(link.node)}: it is no cluster; leave out cluster`);
  }
}
