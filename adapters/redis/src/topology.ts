import {
  checkLayout,
  fits,
  type Inbox,
  nameOf,
  type Place,
  type Shape,
  type Source,
  type Start,
  WaybillError,
} from "@waybill/core";
import type { Client } from "./client.ts";
import { inboxKey, keysOfInbox, keysOfSource, registryKeys, sourceKey } from "./names.ts";
import { stateOf } from "./routes.ts";
import { written } from "./written.ts";
import { ephemeralOf, ephemeralText } from "./ephemeral.ts";
import * as scripts from "./scripts/topology.ts";

/** Of the layout: what keys there are and what stands in them. */
const version = "1";
/** How many topics a pattern is bound to at once. */
const atOnce = 100;

/** What a pattern's inbox is by, for topics that come later. */
interface PatternEntry {
  readonly pattern: string;
  readonly state: string;
}

/**
 * The topics, queues, patterns and groups of a namespace. Whoever comes second of a topic and a pattern completes the wiring: each first
 * writes down that it is there, and then looks who else is (SUB-4).
 */
export class Topology {
  readonly #namespace: string;
  readonly #verify: boolean;
  readonly #leaseMs: number;
  readonly #registry: ReturnType<typeof registryKeys>;

  constructor(namespace: string, verify: boolean, leaseMs: number) {
    this.#namespace = namespace;
    this.#verify = verify;
    this.#leaseMs = leaseMs;
    this.#registry = registryKeys(namespace);
  }

  /** Makes what is missing, refuses what differs (LAY-1), makes nothing to verify (LIF-5). */
  async declare(client: Client, place: Place): Promise<void> {
    if (place.kind === "source") await this.#declareSource(client, place);
    else await this.#declareInbox(client, place.inbox, place.start);
  }

  /** Makes an inbox, to be caught up with. */
  async #declareInbox(client: Client, inbox: Inbox, start: Start): Promise<void> {
    const isNew = await this.makeInbox(client, inbox, start);
    if (start.reset && !isNew) await this.#reset(client, inbox, start);
  }

  async #declareSource(client: Client, { name, shape }: Source): Promise<void> {
    const source = sourceKey(this.#namespace, name);
    const args = [source, JSON.stringify(shapeOf(shape)), Number(this.#verify)];
    const reply = await client.run(scripts.declareSource, keysOfSource(source), args);
    const [there, wired] = reply as [Buffer | null, number];
    if (there === null) throw missing(`${shape.kind} "${name}"`);
    checkLayout(`${shape.kind} "${name}"`, written(there, `${shape.kind} "${name}"`), shapeOf(shape));
    if (wired === 1) return;
    if (shape.kind === "topic") {
      await client.command("HSET", [this.#registry.sources, name, "topic"]);
      const patterns = await pairsOf(client, this.#registry.patterns);
      for (const [base, entry] of patterns) {
        const { pattern, state } = written(entry, `the register of patterns of "${base}"`) as PatternEntry;
        if (!fits(pattern, name)) continue;
        await client.run(scripts.bind, keysOfSource(source), [source, base, state]);
        // Whoever has removed it meanwhile may not have seen this topic: its copies would pile up unread.
        if ((await client.command("EXISTS", [`${base}/meta`])) === 0)
          await client.run(scripts.unbind, keysOfSource(source), [source, base]);
      }
    } else {
      const inbox = { source: name, shape, group: name, ordered: shape.ordered, ephemeral: false };
      await this.makeInbox(client, inbox, { from: "now", reset: false });
    }
    await client.run(scripts.wire, keysOfSource(source), [source]);
  }

  /** Makes an inbox that is not there; says whether it is new. An ephemeral one ends when nobody renews it. */
  async makeInbox(client: Client, inbox: Inbox, start: Start): Promise<boolean> {
    const { source: name, group, shape, ordered, ephemeral } = inbox;
    const isPattern = shape.kind === "pattern";
    const base = this.baseOf(inbox);
    const source = isPattern ? "" : sourceKey(this.#namespace, name);
    if (ephemeral) await this.prolong(client, inbox);
    const layout = { ordered, ephemeral };
    const args = [
      base,
      shape.priorities,
      JSON.stringify(layout),
      stateOfInbox(inbox),
      source,
      isPattern ? "" : cursorOf(start),
      Number(this.#verify && !ephemeral),
    ];
    const keys = [...keysOfInbox(base, shape.priorities), ...(isPattern ? [] : keysOfSource(source))];
    const reply = await client.run(scripts.declareInbox, keys, args);
    if (!Array.isArray(reply)) throw new WaybillError("NO_ROUTE", `"${name}" was never declared`);
    const [there, isNew] = reply as [Buffer | null, number];
    if (there === null) throw missing(`group "${group}" of "${name}"`);
    const what = `group "${group}" of "${name}"`;
    checkLayout(what, written(there, what), layout);
    if (isPattern) await this.#bindPattern(client, inbox, isNew === 1 ? cursorOf(start) : "");
    return isNew === 1;
  }

  /** An ephemeral inbox lives for another lease. */
  async prolong(client: Client, inbox: Inbox): Promise<void> {
    await client.run(scripts.prolong, [this.#registry.ephemeral], [ephemeralText(inbox), this.#leaseMs]);
  }

  /**
   * Puts an inbox back that is not there: its data was lost with all of the namespace's, or somebody removed a part of it by hand.
   * `there`: it was there all the time; `repaired`: only some of its streams were not; `gone`: it was removed.
   */
  async restore(client: Client, inbox: Inbox): Promise<"there" | "repaired" | "restored" | "gone"> {
    const base = this.baseOf(inbox);
    if ((await client.command("EXISTS", [`${base}/meta`])) === 1) {
      const made = await client.run(scripts.repair, keysOfInbox(base, inbox.shape.priorities), [
        base,
        inbox.shape.priorities,
      ]);
      return made === 0 ? "there" : "repaired";
    }
    const isWiped = (await client.command("EXISTS", [this.#registry.layout])) === 0;
    if (!isWiped && !inbox.ephemeral) return "gone";
    await this.checkVersion(client);
    const { source: name, shape } = inbox;
    if (shape.kind !== "pattern") await this.#declareSource(client, { kind: "source", name, shape });
    await this.makeInbox(client, inbox, { from: "now", reset: false });
    return "restored";
  }

  /** @throws WaybillError `CORRUPT` where another version of the layout is there (LAY-2) */
  async checkVersion(client: Client): Promise<void> {
    const look = async (): Promise<Buffer | null> =>
      (await client.command("GET", [this.#registry.layout])) as Buffer | null;
    let there = await look();
    if (there === null && !this.#verify) {
      await client.command("SET", [this.#registry.layout, version, "NX"]);
      there = await look();
    }
    if (there === null || String(there) === version) return;
    throw new WaybillError(
      "CORRUPT",
      `redis: namespace "${this.#namespace}" has layout ${String(there)}, this Waybill writes layout ${version}; upgrade it`,
    );
  }

  /** Removes a place with all its lanes (GRP-1). */
  async remove(client: Client, place: Place): Promise<void> {
    if (place.kind === "inbox") return this.removeInbox(client, place.inbox);
    const source = sourceKey(this.#namespace, place.name);
    await client.command("HDEL", [this.#registry.sources, place.name]);
    const groups = await pairsOf(client, `${source}/groups`);
    for (const [base] of groups)
      if (base.startsWith(`${source}:`)) await this.#destroy(client, source, base, place.shape);
    await client.command("UNLINK", keysOfSource(source));
  }

  async removeInbox(client: Client, inbox: Inbox): Promise<void> {
    const base = this.baseOf(inbox);
    if (inbox.shape.kind === "pattern") {
      await client.command("HDEL", [this.#registry.patterns, base]);
      // Whoever binds it now sees that it is gone, or has written down its topic.
      await client.command("UNLINK", [`${base}/meta`]);
      for (const source of await this.#feeding(client, inbox))
        await client.run(scripts.unbind, keysOfSource(source), [source, base]);
    }
    await this.#destroy(client, sourceKey(this.#namespace, inbox.source), base, inbox.shape);
    if (inbox.ephemeral) await client.command("ZREM", [this.#registry.ephemeral, ephemeralText(inbox)]);
  }

  /** Removes the ephemeral inboxes that nobody renews any more; says how many. */
  async sweep(client: Client): Promise<number> {
    const over = (await client.run(scripts.expired, [this.#registry.ephemeral], [this.#leaseMs])) as Buffer[];
    for (const which of over) {
      const inbox = ephemeralOf(String(which));
      if (inbox === undefined) await client.command("ZREM", [this.#registry.ephemeral, which]);
      else await this.removeInbox(client, inbox);
    }
    return over.length;
  }

  /** The name an inbox's keys begin with. */
  baseOf(inbox: Inbox): string {
    return inboxKey(this.#namespace, nameOf(inbox));
  }

  async #destroy(client: Client, source: string, base: string, { priorities }: Shape): Promise<void> {
    const isOwn = base.startsWith(`${source}:`);
    if (isOwn) await client.run(scripts.unbind, keysOfSource(source), [source, base]);
    await client.command("UNLINK", keysOfInbox(base, priorities));
  }

  async #bindPattern(client: Client, inbox: Inbox, start: string): Promise<void> {
    const base = this.baseOf(inbox);
    const entry: PatternEntry = { pattern: inbox.source, state: stateOfInbox(inbox) };
    await client.command("HSET", [this.#registry.patterns, base, JSON.stringify(entry)]);
    const sources = await this.#feeding(client, inbox);
    for (let from = 0; from < sources.length; from += atOnce)
      await Promise.all(sources.slice(from, from + atOnce).map((source) => this.#bind(client, source, inbox, start)));
  }

  async #bind(client: Client, source: string, inbox: Inbox, start: string): Promise<void> {
    const base = this.baseOf(inbox);
    await client.run(scripts.bind, keysOfSource(source), [source, base, stateOfInbox(inbox)]);
    if (start !== "") await this.#rewind(client, source, inbox, start);
  }

  /** The topics whose messages an inbox gets a copy of. */
  async #feeding(client: Client, { source, shape }: Inbox): Promise<readonly string[]> {
    if (shape.kind !== "pattern") return [sourceKey(this.#namespace, source)];
    const names = (await client.command("HKEYS", [this.#registry.sources])) as Buffer[];
    return names.map(String).flatMap((name) => (fits(source, name) ? [sourceKey(this.#namespace, name)] : []));
  }

  async #reset(client: Client, inbox: Inbox, start: Start): Promise<void> {
    const base = this.baseOf(inbox);
    const [seconds, micros] = ((await client.command("TIME", [])) as readonly Buffer[]).map(Number);
    const isToEnd = start.from === "now";
    const now = `${(seconds ?? 0) * 1_000 + Math.floor((micros ?? 0) / 1_000)}`;
    // While it is replaying it gets nothing new, so that all there is can go.
    const sources = isToEnd ? await this.#replayed(client, base) : await this.#feeding(client, inbox);
    for (const source of sources) await this.#rewind(client, source, inbox, isToEnd ? now : cursorOf(start));
    const upTo = isToEnd ? now : "+";
    const args = [base, inbox.shape.priorities, Number(inbox.ordered), upTo];
    while (Number(await client.run(scripts.clear, keysOfInbox(base, inbox.shape.priorities), args)) > 0);
  }

  async #rewind(client: Client, source: string, inbox: Inbox, start: string): Promise<void> {
    const base = this.baseOf(inbox);
    const keys = [...keysOfInbox(base, inbox.shape.priorities), ...keysOfSource(source)];
    await client.run(scripts.rewind, keys, [base, source, start]);
  }

  /** Goes on a little with a replay, whoever has begun it; says whether there is more. */
  async catchUp(client: Client, inbox: Inbox): Promise<boolean> {
    const base = this.baseOf(inbox);
    let more = false;
    for (const source of await this.#replayed(client, base)) {
      const keys = [...keysOfInbox(base, inbox.shape.priorities), ...keysOfSource(source)];
      if (Number(await client.run(scripts.fill, keys, [base, source, stateOfInbox(inbox)])) > 0) more = true;
    }
    return more;
  }

  /** The topics whose log an inbox is being filled from. */
  async #replayed(client: Client, base: string): Promise<readonly string[]> {
    const fields = (await pairsOf(client, `${base}/meta`)).map(([name]) => name);
    return fields.filter((name) => name.startsWith("cursor ")).map((name) => name.slice("cursor ".length));
  }
}

/** The id in a topic's log behind which a replay begins; empty for none. */
function cursorOf({ from }: Start): string {
  if (from === "now") return "";
  return from === "beginning" ? "0-0" : `${Math.max(Math.ceil(from) - 1, 0)}-18446744073709551615`;
}

function stateOfInbox({ ordered, shape }: Inbox): string {
  return stateOf({ ordered, levels: shape.priorities });
}

function shapeOf({ kind, ordered, priorities, retainMs }: Shape): Shape {
  return { kind, ordered, priorities, retainMs };
}

async function pairsOf(client: Client, key: string): Promise<readonly (readonly [string, string])[]> {
  const flat = (await client.command("HGETALL", [key])) as readonly Buffer[];
  const pairs: (readonly [string, string])[] = [];
  for (let index = 0; index < flat.length; index += 2) pairs.push([String(flat[index]), String(flat[index + 1])]);
  return pairs;
}

function missing(what: string): WaybillError {
  return new WaybillError("MISSING", `${what} is not there, and topology is "verify"`);
}
