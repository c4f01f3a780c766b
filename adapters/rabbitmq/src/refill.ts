import { randomUUID } from "node:crypto";
import { type AdapterContext, type Inbox, nameOf, type Start, WaybillError } from "@waybill/core";
import type { Channel } from "amqplib";
import { withChannel } from "./channel.ts";
import type { Connection } from "./connection.ts";
import { Copies } from "./copies.ts";
import { type Incarnations, newLife } from "./incarnations.ts";
import { readKept } from "./kept.ts";
import { isSharded, lanesOf } from "./lanes.ts";
import type { Lock } from "./lock.ts";
import { bornRoute, deadQueue, fillLock, inboxBase, keptQueue, pastQueue, readyQueue, spaceNames } from "./names.ts";
import type { Outbox } from "./outbox.ts";
import { isThere } from "./presence.ts";
import * as queues from "./queues.ts";
import { isMark, markWord, pastWord, replayed, theEnd, twin, wordOf, wordPacket } from "./replay-word.ts";
import { inboxLane } from "./routes.ts";
import { beginFilling, endFilling, type From, fillingBegun, isUnfilled } from "./unfilled.ts";
import { type Held, heldOf, type Packet } from "./wire.ts";

export interface RefillOptions {
  readonly context: AdapterContext;
  readonly incarnations: Incarnations;
  readonly lock: Lock;
  readonly outbox: Outbox;
  readonly commandTimeoutMs: number;
  readonly sweepMs: number;
}

/**
 * How long after a message was routed it may still be on its way to a stream, ms; and how long a server takes at most to write down
 * which queues it has.
 */
const arrivalMs = 700;
/** Nobody ends the wait for the lock. */
const never = new AbortController().signal;

/** An inbox that is to have what its topic has kept, or nothing. */
interface Filling {
  readonly connection: Connection;
  readonly inbox: Inbox;
  readonly base: string;
  readonly from: From;
  readonly askedAt: number;
  /** Of the inbox. The last one begins. */
  readonly lives: readonly string[];
}

/** What was in the inbox before is out of it. */
interface Cut {
  /** The mark that stands in the stream before it. */
  readonly before: string;
  /** Epoch ms. */
  readonly at: number;
}

/**
 * Fills inboxes from what their topics have kept (SUB-8). An inbox is bound all the time, so what is published meanwhile comes to it
 * live. What it holds is thrown away, and all that the stream held up to then is copied: into its queues where there is no order;
 * otherwise each shard has a queue for its past, and a word in its own queue behind which the past comes first.
 */
export class Refill {
  readonly #options: RefillOptions;

  constructor(options: RefillOptions) {
    this.#options = options;
  }

  /**
   * Makes an inbox that begins as `start` says; `make` makes its queues. Where that was interrupted it is done by the next that declares
   * the inbox, as if it were not there.
   */
  async declare(
    connection: Connection,
    { inbox, start }: { readonly inbox: Inbox; readonly start: Start },
    make: () => Promise<void>,
  ): Promise<void> {
    const base = inboxBase(this.#options.context.namespace, nameOf(inbox));
    if (!(await this.#isWanted(connection, base, inbox, start))) return make();
    if (inbox.ephemeral && inbox.ordered && start.from !== "now") throw unfillable(inbox);
    const askedAt = this.#options.context.clock.now();
    await this.#options.lock.run(connection, fillLock(base), never, async () => {
      const isNew = !(await isThere(connection, deadQueue(base)));
      const begun = await fillingBegun(connection, base);
      const from = start.reset || isNew ? start.from : begun?.from;
      if (from === undefined || (isNew && (from === "now" || this.#isVerified(inbox)))) await make();
      else {
        const before = isNew ? [] : [await this.#options.incarnations.current(connection, base)];
        const lives = [...(begun?.lives ?? []), ...before, newLife()];
        await beginFilling(connection, base, { from, lives }, inbox.ephemeral ? this.#options.sweepMs : undefined);
        await make();
        await this.#fill({ connection, inbox, base, from, askedAt, lives });
      }
      await endFilling(connection, base);
    });
  }

  #isVerified({ ephemeral }: Inbox): boolean {
    return this.#options.context.topology === "verify" && !ephemeral;
  }

  async #isWanted(connection: Connection, base: string, { shape }: Inbox, start: Start): Promise<boolean> {
    if (start.reset) return true;
    if (shape.kind !== "topic" || shape.retainMs === 0) return false;
    if (start.from !== "now" && !(await isThere(connection, deadQueue(base)))) return true;
    return isUnfilled(connection, base);
  }

  async #fill(filling: Filling): Promise<void> {
    const { inbox, from } = filling;
    const { clock } = this.#options.context;
    await this.#begin(filling);
    if (from !== "now") await this.#makePast(filling);
    const cut = await this.#cut(filling);
    await this.#forgetPasts(filling);
    if (from === "now") return;
    const upTo = await this.#mark(filling);
    await new Promise<void>((resolve) => void clock.after(arrivalMs, resolve));
    await this.#copy(filling, cut, upTo, await this.#mark(filling));
    if (isSharded(inbox)) await this.#send(pastsOf(filling).map((queue) => wordPacket(queue, theEnd)));
  }

  /** Another life begins: what is delayed for the last one does not come any more. */
  async #begin({ connection, inbox, base, lives }: Filling): Promise<void> {
    const { incarnations, context } = this.#options;
    const { inboxes } = spaceNames(context.namespace);
    const last = await incarnations.current(connection, base);
    const born = lives.at(-1) ?? "";
    const ready = readyOf(inbox, base);
    await withChannel(connection, async (channel) => {
      for (const queue of ready) await channel.bindQueue(queue, inboxes, bornRoute(queue, born));
    });
    await incarnations.begin(connection, base, born);
    await withChannel(connection, async (channel) => {
      for (const queue of ready) await channel.unbindQueue(queue, inboxes, bornRoute(queue, last));
    });
  }

  async #makePast(filling: Filling): Promise<void> {
    if (!isSharded(filling.inbox)) return;
    await withChannel(filling.connection, async (channel) => {
      for (const queue of pastsOf(filling)) await channel.assertQueue(queue, queues.past());
    });
  }

  /** Who still reads one of an earlier life reads on in its shard, where it finds another word. */
  async #forgetPasts({ connection, inbox, base, lives }: Filling): Promise<void> {
    if (!isSharded(inbox)) return;
    await withChannel(connection, async (channel) => {
      for (const life of lives.slice(0, -1))
        for (const lane of lanesOf(inbox)) await channel.deleteQueue(pastQueue(base, lane, life));
    });
  }

  /** Throws away what is ready; of an ordered inbox, also what waits in the hands of its members, who read the word. */
  async #cut(filling: Filling): Promise<Cut> {
    const { connection, inbox, base, from, lives } = filling;
    const before = from === "now" ? "" : await this.#mark(filling);
    const ready = readyOf(inbox, base);
    const consumed = await withChannel(connection, (channel) => purge(channel, ready));
    const told = from === "now" ? consumed : ready;
    if (isSharded(inbox)) await this.#send(told.map((queue) => wordPacket(queue, pastWord(lives.at(-1) ?? ""))));
    return { before, at: this.#options.context.clock.now() };
  }

  /** Sets a mark into the stream. Gives what it says. */
  async #mark({ inbox }: Filling): Promise<string> {
    const word = markWord(randomUUID());
    await this.#send([wordPacket(keptQueue(this.#options.context.namespace, inbox.source), word)]);
    return word;
  }

  /**
   * Copies what was published in time: all up to a mark, and of what comes between it and the next what was published before the cut,
   * since that may have been routed before the cut and stored after it.
   */
  async #copy(filling: Filling, cut: Cut, upTo: string, end: string): Promise<void> {
    const { connection, inbox, base, from, askedAt } = filling;
    const { context, commandTimeoutMs } = this.#options;
    const oldest = Math.max(askedAt - inbox.shape.retainMs, from === "beginning" ? -Infinity : Number(from));
    const copies = this.#copies();
    const pasts = pastsOf(filling);
    let isBefore = true;
    let isUpTo = true;
    const kept = readKept(connection, {
      queue: keptQueue(context.namespace, inbox.source),
      since: from === "beginning" ? "first" : oldest,
      clock: context.clock,
      patienceMs: commandTimeoutMs,
    });
    for await (const message of kept) {
      if (isMark(message)) {
        const word = wordOf(message);
        if (word === cut.before) isBefore = false;
        if (word === upTo) isUpTo = false;
        if (word === end) break;
        continue;
      }
      const held = heldOf({ message, lane: 0, source: inbox.source });
      const at = publishedAt(held);
      if (at !== undefined && at < oldest) continue;
      if (!isUpTo && (at === undefined || at >= cut.at)) continue;
      const lane = inboxLane(inbox.shape, inbox.ordered, held);
      copies.add(
        isSharded(inbox)
          ? replayed(message, pasts[lane] ?? "", isBefore ? undefined : twin)
          : replayed(message, readyQueue(base, lane), undefined),
      );
      if (copies.isFull) await copies.flush();
    }
    await copies.flush();
  }

  async #send(packets: readonly Packet[]): Promise<void> {
    const copies = this.#copies();
    for (const packet of packets) copies.add(packet);
    await copies.flush();
  }

  #copies(): Copies {
    const { context, outbox, commandTimeoutMs } = this.#options;
    return new Copies({ clock: context.clock, outbox, timeoutMs: commandTimeoutMs });
  }
}

function readyOf(inbox: Inbox, base: string): readonly string[] {
  return lanesOf(inbox).map((lane) => readyQueue(base, lane));
}

/** The queues for the past, by shard. */
function pastsOf({ inbox, base, lives }: Filling): readonly string[] {
  return lanesOf(inbox).map((lane) => pastQueue(base, lane, lives.at(-1) ?? ""));
}

/** Throws away what is ready in these. Gives those that somebody consumes. */
async function purge(channel: Channel, ready: readonly string[]): Promise<readonly string[]> {
  const consumed: string[] = [];
  for (const queue of ready) {
    if ((await channel.checkQueue(queue)).consumerCount > 0) consumed.push(queue);
    await channel.purgeQueue(queue);
  }
  return consumed;
}

/** What was delayed counts from when it was due. Not known of what other producers have published. */
function publishedAt({ state, deliverAt = 0 }: Held): number | undefined {
  return state.at === undefined ? undefined : Math.max(state.at, deliverAt);
}

/** Its one queue has no place for what has to come first. */
function unfillable({ source }: Inbox): WaybillError {
  return new WaybillError(
    "UNSUPPORTED",
    `rabbitmq: a subscription to "${source}" without a group cannot both begin in the past and be ordered; name a group, or say ordered: false`,
  );
}
