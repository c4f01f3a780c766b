import { Alarm, type Clock, Fifo, type Inbox, KeyedGate } from "@waybill/core";
import type { StoredRecord } from "./driver.ts";
import type { Held } from "./held.ts";
import type { Retry } from "./progress.ts";
import type { Shard } from "./shard.ts";
import { releaseAt, shortMs } from "./tiers.ts";
import { messageOf } from "./wire.ts";

interface Options {
  readonly inbox: Inbox;
  readonly clock: Clock;
  readonly shards: () => Iterable<Shard>;
  /** Something may go on that could not before. */
  readonly wake: () => void;
  /** A commit has to say first what may come into hand. */
  readonly reserve: (shard: Shard) => void;
  /** It has to wait for longer than it can here. */
  readonly park: (held: Held) => void;
}

/** How many of a shard may wait for their key or their time. */
const mostAside = 2_000;
/** How many of the lanes are looked at ahead, to sort them by priority. */
const mostReady = 1_000;
/** From so many crashes on a message is in hand alone. */
const suspicious = 2;

/** What comes next of all shards: by priority, one of a key at a time, and nothing before its time. */
export class Intake {
  readonly #options: Options;
  /** By level of priority. */
  readonly #ready: readonly Fifo<Held>[];
  readonly #gate = new KeyedGate<Held>();
  readonly #waiting = new Set<Held>();
  readonly #alarm: Alarm;
  #turn = 0;

  constructor(options: Options) {
    this.#options = options;
    this.#ready = Array.from({ length: options.inbox.shape.priorities }, () => new Fifo<Held>());
    this.#alarm = new Alarm(options.clock, () => this.#due());
  }

  /** What may be delivered now; it is counted as in hand. */
  next(): Held | undefined {
    const shards = [...this.#options.shards()];
    this.#lookAhead(shards.filter(({ tier }) => tier !== undefined));
    const feeds = shards.filter(({ tier }) => tier === undefined);
    for (let level = this.#ready.length - 1; level >= 0; level -= 1) {
      const ready = this.#ready[level];
      const at = feeds.filter((shard) => shard.level === level);
      const held = ready?.shift() ?? this.#pull(at);
      if (held !== undefined) {
        held.shard.inHand += 1;
        return held;
      }
      // Something higher may be there that was not seen yet.
      if (level > 0 && at.some((shard) => !shard.isCaughtUp && shard.state === "open")) return undefined;
    }
    return undefined;
  }

  /** It is done with. */
  finish(held: Held): void {
    const { shard, offset } = held;
    shard.inHand -= 1;
    shard.taken -= 1;
    shard.progress.finish(offset);
    this.#pass(held);
  }

  /** It was given to somewhere else without having been in hand. */
  moved({ shard, offset }: Held): void {
    shard.taken -= 1;
    shard.progress.finish(offset);
  }

  /** It comes again before all others, uncounted. */
  giveBack(held: Held): void {
    held.shard.inHand -= 1;
    this.#again(held);
  }

  /** It comes again at its time, in its place. */
  retry(held: Held, retry: Retry): void {
    const { shard, offset, headers } = held;
    shard.inHand -= 1;
    shard.progress.retries.set(offset, retry);
    const { failures, deliveries, dueAt, note } = retry;
    const next = {
      ...held,
      headers: { ...headers, ...note },
      failures,
      deliveries: deliveries + 1,
      dueAt,
      place: -1,
      effects: 0,
    };
    this.#again(next);
  }

  /** It is others' now: whoever waits behind it goes on. */
  lost(held: Held): void {
    held.shard.inHand -= 1;
    held.shard.taken -= 1;
    this.#pass(held);
  }

  /** Forgets what was taken from a shard and is not in hand. */
  drop(shard: Shard): void {
    for (const ready of this.#ready) {
      const all = ready.drain();
      ready.unshift(all.filter((held) => held.shard !== shard));
      for (const held of all) if (held.shard === shard) this.#forget(held);
    }
    for (const held of this.#waiting) {
      if (held.shard !== shard) continue;
      this.#waiting.delete(held);
      this.#forget(held);
    }
  }

  close(): void {
    this.#alarm.clear();
  }

  #lookAhead(lanes: readonly Shard[]): void {
    for (const lane of lanes) {
      while (this.#ready.reduce((sum, { length }) => sum + length, 0) < mostReady) {
        const held = this.#pull([lane]);
        if (held === undefined) break;
        this.#ready[levelOf(held, this.#ready.length)]?.push(held);
      }
    }
  }

  /** The next of these shards that may be delivered, a different one first each time. */
  #pull(shards: readonly Shard[]): Held | undefined {
    this.#turn += 1;
    for (let step = 0; step < shards.length; step += 1) {
      const shard = shards[(this.#turn + step) % shards.length];
      if (shard === undefined) continue;
      for (;;) {
        const taken = this.#take(shard);
        if (taken === "none") break;
        if (taken !== "aside") return taken;
      }
    }
    return undefined;
  }

  /** The first of a shard; `aside`: it was put somewhere else, and the next may come. */
  #take(shard: Shard): Held | "aside" | "none" {
    const now = this.#options.clock.now();
    const record = shard.peek();
    if (record === undefined || shard.blockedUntil > now) return "none";
    if (shard.taken - shard.inHand >= mostAside || shard.progress.isFull) return "none";
    if (!this.#mayComeIntoHand(shard, record)) return "none";
    const held = this.#heldFrom(shard, record);
    if (shard.tier !== undefined && shard.tier > 0) {
      const leavesAt = releaseAt(shard.tier, record.timestamp, held.dueAt);
      if (leavesAt > now) {
        shard.blockedUntil = leavesAt;
        this.#alarm.set(leavesAt);
        return "none";
      }
    }
    shard.shift();
    shard.taken += 1;
    return this.#sorted(held, now);
  }

  #sorted(held: Held, now: number): Held | "aside" {
    const { ordered } = this.#options.inbox;
    if (!ordered && held.dueAt > now + shortMs) {
      this.#options.park(held);
      return "aside";
    }
    if (ordered && held.key !== undefined && !this.#gate.enter(held.key, held)) return "aside";
    if (held.dueAt <= now) return held;
    this.#wait(held);
    return "aside";
  }

  #mayComeIntoHand(shard: Shard, { offset }: StoredRecord): boolean {
    if (shard.suspect !== undefined && shard.inHand === 0 && shard.suspect !== offset) shard.suspect = undefined;
    const isSuspect = shard.progress.crashesOf(offset) >= suspicious;
    if (shard.suspect !== undefined && shard.inHand > 0) return false;
    if (isSuspect && shard.suspect !== offset) {
      // It waits until nobody else could be taken for it.
      if (shard.inHand > 0 || shard.isReserving) return false;
      shard.suspect = offset;
      shard.reserveOnly(offset);
      this.#options.reserve(shard);
      return false;
    }
    if (shard.isReserved(offset)) return true;
    if (shard.isReserving) return false;
    if (isSuspect) shard.reserveOnly(offset);
    else shard.reserve();
    this.#options.reserve(shard);
    return false;
  }

  #heldFrom(shard: Shard, record: StoredRecord): Held {
    const message = messageOf(record, shard);
    const retry = shard.progress.retries.get(record.offset);
    const before = (retry?.deliveries ?? message.deliveries) + shard.progress.crashesOf(record.offset);
    return {
      ...message,
      headers: retry === undefined ? message.headers : { ...message.headers, ...retry.note },
      failures: retry?.failures ?? message.failures,
      deliveries: before + 1,
      shard,
      offset: record.offset,
      dueAt: retry?.dueAt ?? message.deliverAt ?? 0,
      effects: 0,
      place: -1,
    };
  }

  #again(held: Held): void {
    if (held.shard.state !== "open") {
      held.shard.taken -= 1;
      this.#pass(held);
    } else if (held.dueAt > this.#options.clock.now()) this.#wait(held);
    else this.#ready[levelOf(held, this.#ready.length)]?.unshift([held]);
  }

  #wait(held: Held): void {
    this.#waiting.add(held);
    this.#alarm.set(held.dueAt);
  }

  #due(): void {
    const now = this.#options.clock.now();
    let earliest = Infinity;
    for (const held of this.#waiting) {
      if (held.dueAt > now) earliest = Math.min(earliest, held.dueAt);
      else {
        this.#waiting.delete(held);
        this.#ready[levelOf(held, this.#ready.length)]?.push(held);
      }
    }
    for (const shard of this.#options.shards())
      if (shard.blockedUntil > now) earliest = Math.min(earliest, shard.blockedUntil);
    this.#alarm.set(earliest);
    this.#options.wake();
  }

  #forget(held: Held): void {
    held.shard.taken -= 1;
    this.#pass(held);
  }

  /** Whoever waits behind it for its key goes on. */
  #pass({ key }: Held): void {
    if (!this.#options.inbox.ordered || key === undefined) return;
    let next = this.#gate.leave(key);
    while (next !== undefined && next.shard.state !== "open") {
      next.shard.taken -= 1;
      next = this.#gate.leave(key);
    }
    if (next === undefined) return;
    if (next.dueAt > this.#options.clock.now()) this.#wait(next);
    else this.#ready[levelOf(next, this.#ready.length)]?.push(next);
  }
}

function levelOf({ priority }: Held, levels: number): number {
  return Math.min(priority, levels - 1);
}
