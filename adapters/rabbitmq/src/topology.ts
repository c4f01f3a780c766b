import { Buffer } from "node:buffer";
import {
  checkLayout,
  type Clock,
  type Inbox,
  type Place,
  type Source,
  toWaybillError,
  WaybillError,
} from "@waybill/core";
import { withChannel } from "./channel.ts";
import type { Connection } from "./connection.ts";
import type { Incarnations } from "./incarnations.ts";
import { emptyCell } from "./ledger-cell.ts";
import { boundTo, isSharded, lanesOf } from "./lanes.ts";
import { inboxLayout, type Layout, layoutIn, layoutOf, textOf } from "./layout.ts";
import {
  bindingOf,
  birthQueue,
  bornRoute,
  cardName,
  deadQueue,
  keptQueue,
  ledgerQueue,
  memberQueue,
  readyQueue,
  shardCount,
  spaceNames,
} from "./names.ts";
import { countThere, isExchange, isThere } from "./presence.ts";
import * as queues from "./queues.ts";
import type { Refill } from "./refill.ts";
import { Removal } from "./removal.ts";
import type { Routes } from "./routes.ts";

/** A server writes down the queues that it has twice a second; one that is killed before has lost its newest with all in it. */
const writtenDownMs = 700;

export interface TopologyOptions {
  readonly clock: Clock;
  readonly incarnations: Incarnations;
  readonly refill: Refill;
  readonly namespace: string;
  readonly verify: boolean;
  readonly sweepMs: number;
  readonly routes: Routes;
}

/** How long the removal of one queue takes at most, nearly always, ms. */
const removalMs = 500;

/** An inbox as it lives now. */
interface Life {
  readonly inbox: Inbox;
  readonly base: string;
  readonly born: string;
}

/** A queue whose arguments say the layout of a place. */
interface Card {
  readonly queue: string;
  readonly options: object;
  /** The place, in an error. */
  readonly what: string;
  readonly layout: Layout;
}

/** The exchanges and queues of a namespace. Each is declared on a channel of its own, since a refusal ends the channel. */
export class Topology {
  readonly #options: TopologyOptions;
  readonly #names: ReturnType<typeof spaceNames>;
  readonly #removal: Removal;
  #space: Promise<void> | undefined;

  constructor(options: TopologyOptions) {
    this.#options = options;
    this.#names = spaceNames(options.namespace);
    this.#removal = new Removal(options.namespace, options.incarnations);
  }

  /** Makes what is missing, refuses what differs (LAY-1), makes nothing to verify (LIF-5). */
  async declare(connection: Connection, place: Place): Promise<void> {
    try {
      await this.#declare(connection, place);
    } catch (thrown) {
      // What we have made before was taken away.
      if (this.#options.verify || toWaybillError(thrown, "UNAVAILABLE").code !== "MISSING") throw thrown;
      this.forget();
      await this.#declare(connection, place);
    }
  }

  async #declare(connection: Connection, place: Place): Promise<void> {
    await this.#ensureSpace(connection);
    if (place.kind === "source") await this.#declareSource(connection, place);
    else await this.#options.refill.declare(connection, place, () => this.declareInbox(connection, place.inbox));
  }

  /** After the loss of a connection what is known may be there no more. */
  forget(): void {
    this.#space = undefined;
  }

  async declareInbox(connection: Connection, inbox: Inbox): Promise<void> {
    const { group, source, shape } = inbox;
    const base = this.#options.routes.baseOf(inbox);
    const what = shape.kind === "queue" ? `queue "${source}"` : `group "${group}" of "${source}"`;
    const card = deadQueue(base);
    const expires = inbox.ephemeral ? this.#options.sweepMs : undefined;
    const isVerified = this.#options.verify && !inbox.ephemeral;
    if (isVerified) await this.#mustBe(connection, card, what);
    const isNew = !isVerified && !(await isThere(connection, card));
    const isToStay = isNew && !inbox.ephemeral;
    if (isToStay && shape.kind === "topic") await this.#register(connection, inbox);
    const layout = inboxLayout(inbox);
    await this.#match(connection, { queue: card, options: queues.dead(textOf(layout), expires), what, layout });
    const born = isVerified ? "" : await this.#options.incarnations.declare(connection, base, { isNew, expires });
    for (const lane of lanesOf(inbox)) await this.#declareLane(connection, { inbox, base, born }, lane);
    if (!isVerified && isSharded(inbox)) await this.#declareNotes(connection, base, isNew);
    if (isToStay) await this.#writtenDown();
  }

  /**
   * Makes an inbox whole again after a loss. `there`: nothing was missing; `restored`: something was; `gone`: all of it is, so it was
   * removed.
   */
  async restore(connection: Connection, inbox: Inbox): Promise<"there" | "restored" | "gone"> {
    this.forget();
    const base = this.#options.routes.baseOf(inbox);
    const all = [deadQueue(base), birthQueue(base), ...lanesOf(inbox).map((lane) => readyQueue(base, lane))];
    const left = await this.#settled(() => countThere(connection, all), all.length);
    if (left === all.length) return "there";
    const isWiped = left === 0 && !(await isExchange(connection, this.#names.topics));
    if (left === 0 && !isWiped && !inbox.ephemeral) return "gone";
    const { source: name, shape } = inbox;
    if (shape.kind === "topic") await this.declare(connection, { kind: "source", name, shape });
    await this.declare(connection, { kind: "inbox", inbox, start: { from: "now", reset: false } });
    return "restored";
  }

  /** Half an inbox may be one that somebody is removing this very moment: looks until it stays as it is. */
  async #settled(count: () => Promise<number>, whole: number): Promise<number> {
    for (let before = await count(); ;) {
      if (before === 0 || before === whole) return before;
      await new Promise<void>((resolve) => void this.#options.clock.after(removalMs, resolve));
      const now = await count();
      if (now === before) return now;
      before = now;
    }
  }

  async remove(connection: Connection, place: Place): Promise<void> {
    if (place.kind === "source" && place.shape.kind !== "queue") return this.#removal.topic(connection, place.name);
    const inbox = place.kind === "inbox" ? place.inbox : queueInbox(place);
    await this.#removal.inbox(connection, this.#options.routes.baseOf(inbox), inbox);
  }

  async #declareSource(connection: Connection, source: Source): Promise<void> {
    const { name, shape } = source;
    if (shape.kind === "queue") return this.declareInbox(connection, queueInbox(source));
    const card = cardName(this.#options.namespace, name);
    const what = `${shape.kind} "${name}"`;
    if (this.#options.verify) await this.#mustBe(connection, card, what);
    const layout = layoutOf(shape);
    await this.#match(connection, { queue: card, options: queues.card(textOf(layout)), what, layout });
    if (shape.kind === "topic" && shape.retainMs > 0) await this.#declareKept(connection, name, shape.retainMs);
  }

  async #declareKept(connection: Connection, topic: string, retainMs: number): Promise<void> {
    const queue = keptQueue(this.#options.namespace, topic);
    if (this.#options.verify) return this.#mustBe(connection, queue, `"${queue}"`);
    const isNew = !(await isThere(connection, queue));
    await withChannel(connection, async (channel) => {
      await channel.assertQueue(queue, queues.kept(retainMs));
      await channel.bindQueue(queue, this.#names.topics, bindingOf(topic, "all"));
    });
    if (isNew) await this.#writtenDown();
  }

  async #declareLane(connection: Connection, { inbox, base, born }: Life, lane: number): Promise<void> {
    const queue = readyQueue(base, lane);
    const { shape, source, ephemeral } = inbox;
    if (this.#options.verify && !ephemeral) return this.#mustBe(connection, queue, `"${queue}"`);
    const expires = ephemeral ? this.#options.sweepMs : undefined;
    await withChannel(connection, async (channel) => {
      await channel.assertQueue(queue, queues.ready(deadQueue(base), { isSharded: isSharded(inbox), expires }));
      await channel.bindQueue(queue, this.#names.inboxes, bornRoute(queue, born));
      if (shape.kind === "queue") return;
      for (const bound of boundTo(inbox, lane))
        await channel.bindQueue(queue, this.#names.topics, bindingOf(source, bound));
    });
  }

  async #declareNotes(connection: Connection, base: string, isNew: boolean): Promise<void> {
    await withChannel(connection, async (channel) => {
      await channel.assertQueue(memberQueue(base), queues.members());
      for (let shard = 0; shard < shardCount; shard += 1) {
        const cell = ledgerQueue(base, shard);
        await channel.assertQueue(cell, queues.ledger());
        // Where nothing stands somebody is looking at it.
        if (isNew) channel.sendToQueue(cell, emptyCell, { persistent: true });
      }
    });
  }

  /** A group is written down before it is there, so that its topic can be removed with it. */
  async #register(connection: Connection, { source, group }: Inbox): Promise<void> {
    await withChannel(connection, async (channel) => {
      channel.sendToQueue(cardName(this.#options.namespace, source), Buffer.from(group), { persistent: true });
      // The next answer of this channel comes after it was taken.
      await channel.checkExchange(this.#names.topics);
    });
  }

  async #mustBe(connection: Connection, queue: string, what: string): Promise<void> {
    if (await isThere(connection, queue)) return;
    throw new WaybillError("MISSING", `${what} is not there, and topology is "verify"`);
  }

  /** Declares a queue whose arguments say the layout. @throws WaybillError `TOPOLOGY_MISMATCH` */
  async #match(connection: Connection, { queue, options, what, layout }: Card): Promise<void> {
    try {
      await withChannel(connection, (channel) => channel.assertQueue(queue, options));
    } catch (thrown) {
      const error = toWaybillError(thrown, "UNAVAILABLE");
      const there = layoutIn(error.message);
      if (there !== undefined) checkLayout(what, there, layout);
      // Only who may make it can have it compared.
      if (this.#options.verify && error.code === "PERMISSION") return;
      throw error;
    }
  }

  #writtenDown(): Promise<void> {
    return new Promise<void>((resolve) => void this.#options.clock.after(writtenDownMs, resolve));
  }

  #ensureSpace(connection: Connection): Promise<void> {
    this.#space ??= this.#makeSpace(connection).catch((error: unknown) => {
      this.#space = undefined;
      throw error;
    });
    return this.#space;
  }

  async #makeSpace(connection: Connection): Promise<void> {
    const { topics, inboxes, nowhere } = this.#names;
    await withChannel(connection, async (channel) => {
      if (this.#options.verify) return;
      await channel.assertExchange(nowhere, "fanout", { durable: true });
      await channel.assertQueue(nowhere, queues.nowhere());
      await channel.bindQueue(nowhere, nowhere, "");
      await channel.assertExchange(topics, "topic", { durable: true, alternateExchange: nowhere });
      await channel.assertExchange(inboxes, "direct", { durable: true, alternateExchange: nowhere });
    });
  }
}

function queueInbox({ name, shape }: Source): Inbox {
  return { source: name, shape, group: name, ordered: shape.ordered, ephemeral: false };
}
