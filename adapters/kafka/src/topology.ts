import {
  checkLayout,
  fits,
  type Inbox,
  type Place,
  type Shape,
  type Source,
  type Start,
  WaybillError,
} from "@waybill/core";
import { type Cluster, patiently } from "./cluster.ts";
import type { NewTopic, OffsetAsk, Partition, Session } from "./driver.ts";
import { isAnswer } from "./errors.ts";
import type { Layout } from "./layout.ts";
import { deadTopic, groupId, laneTopic, sourceTopics } from "./names.ts";
import type { Registry } from "./registry.ts";
import type { Born, InboxEntry, SourceEntry } from "./registry-entry.ts";
import type { Feed, Router } from "./router.ts";
import type { AdapterContext } from "@waybill/core";

interface Options {
  readonly context: AdapterContext;
  readonly session: Session;
  readonly cluster: Cluster;
  readonly registry: Registry;
  readonly layout: Layout;
  readonly router: Router;
  readonly boundMs: number;
}

/** Makes and removes topics and groups, and knows where each group begins. */
export class Topology {
  readonly #options: Options;

  constructor(options: Options) {
    this.#options = options;
  }

  /** @throws WaybillError `MISSING`, `TOPOLOGY_MISMATCH`, `NO_ROUTE` for an inbox of what was never declared */
  async declare(place: Place): Promise<void> {
    const { registry, context } = this.#options;
    const verifies = context.topology === "verify";
    if (!verifies) await registry.create();
    else if (!(await registry.isThere())) throw missing(nameOf(place));
    await registry.read();
    if (place.kind === "source") await this.#declareSource(place, verifies);
    else await this.#declareInbox(place.inbox, place.start, verifies);
  }

  async remove(place: Place): Promise<void> {
    const { registry, context } = this.#options;
    if (!(await registry.isThere())) return;
    await registry.read();
    if (place.kind === "inbox") {
      const entry = registry.inbox(place.inbox);
      if (entry !== undefined) await this.removeInbox(entry);
      // A queue is nothing without its one group.
      if (place.inbox.shape.kind !== "queue") return;
    }
    const name = place.kind === "inbox" ? place.inbox.source : place.name;
    const inboxes = registry.inboxes().filter(({ inbox }) => inbox.shape.kind !== "pattern" && inbox.source === name);
    for (const entry of inboxes) await this.removeInbox(entry);
    const entry = registry.source(name);
    if (entry === undefined) return;
    await this.#delete(sourceTopics(context.namespace, entry.name, entry.shape.priorities));
    await registry.forget(entry);
  }

  async removeInbox(entry: Born<InboxEntry>): Promise<void> {
    const { context, registry } = this.#options;
    // What there is is written down last: what breaks off half-way is done again.
    await this.#delete([laneTopic(context.namespace, entry.inbox), deadTopic(context.namespace, entry.inbox)]);
    await this.#deleteGroup(groupId(context.namespace, entry.inbox));
    for (const returned of registry.returned(entry.birth)) await registry.forget(returned);
    if (registry.hasBegun(entry)) await registry.forget({ kind: "begun", of: entry.birth });
    await registry.forget(entry);
  }

  /** The inbox as it was declared. @throws WaybillError `MISSING` */
  async entryOf(inbox: Inbox): Promise<Born<InboxEntry>> {
    const { registry } = this.#options;
    if (await registry.isThere()) await registry.read();
    const entry = registry.inbox(inbox);
    if (entry !== undefined) return entry;
    throw new WaybillError("MISSING", `kafka: ${inboxName(inbox)} is not there; declare it`);
  }

  /** The topics an inbox is fed from, as far as the registry was read. */
  feedsOf(inbox: Inbox): readonly Feed[] {
    const { registry, router } = this.#options;
    if (inbox.shape.kind !== "pattern") return router.feeds([{ name: inbox.source, shape: inbox.shape }]);
    const fitting = registry.sources().filter(({ name, shape }) => shape.kind === "topic" && fits(inbox.source, name));
    return router.feeds(fitting);
  }

  async #declareSource({ name, shape }: Source, verifies: boolean): Promise<void> {
    const { registry, layout } = this.#options;
    const known = registry.source(name);
    if (known !== undefined) checkLayout(`${shape.kind} "${name}"`, known.shape, storable(shape));
    const queue = shape.kind === "queue" ? this.#options.router.inboxOf({ kind: "source", name, shape }) : undefined;
    const topics = [...layout.source(name, shape), ...(queue === undefined ? [] : layout.inbox(queue))];
    if (known === undefined && verifies) throw missing(`${shape.kind} "${name}"`);
    if (verifies) await this.#check(topics);
    else await this.#make(topics, known === undefined);
    if (known === undefined) {
      const entry: SourceEntry = { kind: "source", name, shape: storable(shape) };
      const winner = await registry.propose(entry);
      checkLayout(`${shape.kind} "${name}"`, winner.shape, storable(shape));
    }
    if (queue !== undefined) await this.#declareInbox(queue, fromBeginning, verifies);
  }

  async #declareInbox(inbox: Inbox, start: Start, verifies: boolean): Promise<void> {
    const { registry, layout } = this.#options;
    if (inbox.shape.kind !== "pattern" && registry.source(inbox.source) === undefined)
      throw new WaybillError("NO_ROUTE", `kafka: "${inbox.source}" was never declared`);
    const known = registry.inbox(inbox);
    if (known !== undefined) checkLayout(inboxName(inbox), layoutOf(known.inbox), layoutOf(inbox));
    else if (verifies && !inbox.ephemeral) throw missing(inboxName(inbox));
    const topics = layout.inbox(inbox);
    const onlyLooks = verifies && !inbox.ephemeral;
    const making = onlyLooks
      ? this.#check(topics)
      : this.#make(topics, known === undefined && inbox.shape.kind !== "queue");
    if (known !== undefined && !start.reset) return making;
    const isQueue = inbox.shape.kind === "queue" && known === undefined;
    const from = isQueue ? "beginning" : start.from;
    const [starts] = await Promise.all([this.#starts(inbox, from, known !== undefined), making]);
    const shape = storable(inbox.shape);
    const winner = await registry.propose<InboxEntry>({ kind: "inbox", inbox: { ...inbox, shape }, starts }, known);
    checkLayout(inboxName(inbox), layoutOf(winner.inbox), layoutOf(inbox));
  }

  /** Where it begins in each partition. What waits in its lanes is left behind by a reset. */
  async #starts(inbox: Inbox, from: Start["from"], isReset: boolean): Promise<InboxEntry["starts"]> {
    const { context } = this.#options;
    const starts: Record<string, readonly number[]> = {};
    const now = context.clock.now();
    for (const { topic, retainMs } of this.feedsOf(inbox)) {
      // Rather longer than is said than too short, for it takes a moment to get here.
      const kept = retainMs === 0 ? 0 : retainMs + slackMs;
      const earliest = inbox.shape.kind === "queue" ? -Infinity : now - kept;
      const at = from === "now" ? -1 : Math.max(from === "beginning" ? -Infinity : from, earliest);
      if (at !== -Infinity) Object.assign(starts, await this.#offsets([topic], Math.floor(at)));
    }
    if (isReset) Object.assign(starts, await this.#offsets([laneTopic(context.namespace, inbox)], -1));
    return starts;
  }

  /** The offsets of all partitions at a time (epoch ms, -1 the end, -2 the beginning). */
  async #offsets(topics: readonly string[], at: number): Promise<Record<string, readonly number[]>> {
    const found: Record<string, number[]> = {};
    const partitions: Partition[] = [];
    for (const topic of topics) {
      const views = (await this.#options.cluster.partitionsOf(topic)) ?? [];
      for (const partition of views.keys()) partitions.push({ topic, partition });
    }
    for (const { topic, partition, offset } of await this.offsetsOf(partitions, at))
      (found[topic] ??= [])[partition] = offset;
    return found;
  }

  /** The same of single partitions; where nothing is as late as that, the end. */
  async offsetsOf(
    partitions: readonly Partition[],
    at: number,
    which?: "readable" | "all",
  ): Promise<readonly (Partition & { readonly offset: number })[]> {
    const { cluster, session } = this.#options;
    return this.#patiently("to look for offsets", async () => {
      const byLeader = new Map<number, OffsetAsk[]>();
      for (const partition of partitions) {
        const leader = await cluster.leaderOf(partition.topic, partition.partition);
        const asks = byLeader.get(leader);
        if (asks === undefined) byLeader.set(leader, [{ ...partition, at }]);
        else asks.push({ ...partition, at });
      }
      try {
        const asked = [...byLeader].map(async ([leader, asks]) => {
          const found = await session.offsets(leader, asks, which);
          const later = found.filter(({ offset }) => offset < 0);
          const ends =
            later.length === 0
              ? []
              : await session.offsets(
                  leader,
                  later.map((one) => ({ ...one, at: -1 })),
                );
          return [...found.filter(({ offset }) => offset >= 0), ...ends];
        });
        return (await Promise.all(asked)).flat();
      } catch (error) {
        for (const { topic } of partitions) cluster.forget(topic);
        throw error;
      }
    });
  }

  /** Makes topics that are not there and waits for their leaders; of new ones it is not looked first. */
  async #make(topics: readonly NewTopic[], isNew: boolean): Promise<void> {
    const { session, cluster } = this.#options;
    const views = isNew ? [] : await Promise.all(topics.map(({ name }) => cluster.partitionsOf(name)));
    const asked = topics.filter((_, index) => views[index] === undefined);
    if (asked.length === 0) return;
    const names = asked.map(({ name }) => name).join(", ");
    await this.#patiently(`to make the topics ${names}`, () =>
      session.createTopics(asked).catch((error: unknown) => {
        if (!isAnswer(error, "TOPIC_ALREADY_EXISTS")) throw error;
      }),
    );
    await this.#patiently("to find who leads new topics", () => this.#lead(asked));
  }

  async #lead(topics: readonly NewTopic[]): Promise<void> {
    const names = topics.map(({ name }) => name);
    const view = await this.#options.cluster.refresh(names);
    for (const name of names) {
      const partitions = view.topics.get(name) ?? [];
      if (partitions.length > 0 && partitions.every(({ leader }) => leader >= 0)) continue;
      throw new WaybillError("UNAVAILABLE", `kafka: no broker leads the topic ${name} yet`);
    }
  }

  async #check(topics: readonly NewTopic[]): Promise<void> {
    for (const { name } of topics)
      if ((await this.#options.cluster.partitionsOf(name)) === undefined) throw missing(`the topic ${name}`);
  }

  async #delete(topics: readonly string[]): Promise<void> {
    const { session, cluster } = this.#options;
    // Those that are there go, whatever is said of others.
    await this.#patiently(`to remove the topics ${topics.join(", ")}`, () =>
      session.deleteTopics(topics).catch((error: unknown) => {
        if (!isAnswer(error, "UNKNOWN_TOPIC_OR_PARTITION")) throw error;
      }),
    );
    // A broker may still tell of what the controller has removed.
    await this.#patiently("to see topics removed", async () => {
      const { topics: there } = await cluster.refresh(topics);
      if (there.size > 0)
        throw new WaybillError("UNAVAILABLE", `kafka: ${[...there.keys()].join(", ")} are still there`);
    });
  }

  /** One that still has members goes when they have left. */
  async #deleteGroup(group: string): Promise<void> {
    const { session, cluster } = this.#options;
    await this.#patiently(`to remove the group ${group}`, () =>
      cluster
        .atCoordinator(group, (node) => session.deleteGroup(node, group))
        .catch((error: unknown) => {
          if (!isAnswer(error, "GROUP_ID_NOT_FOUND", "NON_EMPTY_GROUP")) throw error;
        }),
    );
  }

  #patiently<T>(what: string, work: () => Promise<T>): Promise<T> {
    const { clock } = this.#options.context;
    return patiently(what, { clock, deadline: clock.now() + this.#options.boundMs }, work);
  }
}

const slackMs = 2_000;
const fromBeginning: Start = { from: "beginning", reset: false };

/** JSON knows no infinity. */
function storable(shape: Shape): Shape {
  const { kind, ordered, priorities, retainMs } = shape;
  return { kind, ordered, priorities, retainMs: Number.isFinite(retainMs) ? retainMs : Number.MAX_SAFE_INTEGER };
}

function layoutOf({ ordered, ephemeral }: Inbox): Readonly<Record<string, unknown>> {
  return { ordered, ephemeral };
}

function nameOf(place: Place): string {
  return place.kind === "source" ? `${place.shape.kind} "${place.name}"` : inboxName(place.inbox);
}

function inboxName({ source, group }: Inbox): string {
  return `group "${group}" of "${source}"`;
}

function missing(what: string): WaybillError {
  return new WaybillError("MISSING", `kafka: ${what} is not there, and topology is "verify"`);
}
