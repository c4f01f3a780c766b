import { Alarm, type Clock, Fifo, type Inbox, KeyedGate } from "@waybill/core";
import { type Held, heldFrom, retried } from "./held.ts";
import { Precedence } from "./precedence.ts";
import type { Retry } from "./progress.ts";
import { Reservation } from "./reservation.ts";
import type { Shard } from "./shard.ts";
import { ShardView } from "./shard-view.ts";
import { shortMs } from "./tiers.ts";

interface Options {
  readonly inbox: Inbox;
  readonly clock: Clock;
  readonly shards: () => readonly Shard[];
  /** Something may go on that could not before. */
  readonly wake: () => void;
  readonly commit: (shard: Shard) => Promise<boolean>;
  /** Asks where these end by now; whether there was an answer. */
  readonly ends: (shards: readonly Shard[]) => Promise<boolean>;
  /** It has to wait for longer than it can here. */
  readonly park: (held: Held) => void;
}

/** How many of a shard may wait for their key or their time. */
const mostAside = 2_000;
/** How many of the lanes are looked at ahead, to sort them by priority. */
const mostReady = 1_000;

/** What comes next of all shards: by priority, one of a key at a time, and nothing before its time. */
export class Intake {
  readonly #options: Options;
  /** By level of priority. */
  readonly #ready: readonly Fifo<Held>[];
  readonly #gate = new KeyedGate<Held>();
  readonly #waiting = new Set<Held>();
  /** In the hands of others, who had the partition before. */
  readonly #away = new Map<Shard, Map<number, Held>>();
  readonly #alarm: Alarm;
  readonly #precedence: Precedence;
  readonly #view: ShardView;
  readonly #reservation: Reservation;
  #turn = 0;

  constructor(options: Options) {
    this.#options = options;
    this.#ready = Array.from({ length: options.inbox.shape.priorities }, () => new Fifo<Held>());
    this.#view = new ShardView(options.inbox.shape.priorities);
    this.#precedence = new Precedence(options);
    this.#reservation = new Reservation(options);
    this.#alarm = new Alarm(options.clock, () => this.#due());
  }

  /** What may be delivered now; it is counted as in hand. */
  next(): Held | undefined {
    const { lanes, feeds, levels } = this.#view.of(this.#options.shards());
    this.#sortLanes(lanes);
    for (let level = this.#ready.length - 1; level >= 0; level -= 1) {
      if (level < this.#ready.length - 1 && !this.#precedence.mayGoTo(level, feeds, this.#isReady(level)))
        return undefined;
      const ready = this.#ready[level];
      const at = levels[level] ?? [];
      const first = ready?.peek();
      if (first !== undefined && !this.#reservation.may(first.shard, first.offset, true)) return undefined;
      const held = ready?.shift() ?? this.#pull(at, true);
      if (held !== undefined) {
        this.#reservation.came(held.shard);
        return held;
      }
    }
    return undefined;
  }

  /** All that is to be delivered in one look at what there is, is. */
  endTurn(): void {
    this.#precedence.endTurn();
  }

  /** Something of it has come into hand, more may follow. */
  lookAhead(shard: Shard): void {
    this.#reservation.lookAhead(shard);
  }

  /** It is done with; `written`: and that is written down. */
  finish(held: Held, how?: "written"): void {
    const { shard, offset } = held;
    this.#reservation.went(shard);
    shard.taken -= 1;
    this.#finished(held, offset, how);
  }

  /** It stays in hand, though its shard is to be another's. */
  lend(held: Held, lender: string): void {
    held.shard.progress.lent.set(held.offset, lender);
    this.lost(held);
  }

  /** Whoever had it in hand when the shard was theirs says what becomes of it; `died`: they cannot any more. */
  returned(shard: Shard, offset: number, retry: Retry | "at once" | "died" | undefined): void {
    const away = this.#away.get(shard);
    const held = away?.get(offset);
    away?.delete(offset);
    shard.progress.lent.delete(offset);
    if (retry === undefined) {
      if (held === undefined) shard.progress.finish(offset);
      else {
        shard.taken -= 1;
        this.#finished(held, offset);
      }
      return;
    }
    if (retry === "died") shard.progress.crashed({ from: offset, to: offset + 1 });
    else if (retry !== "at once") shard.progress.retries.set(offset, retry);
    if (held === undefined) return;
    if (typeof retry === "object") this.#again(retried(held, retry));
    else this.#again(retry === "died" ? { ...held, deliveries: (held.deliveries ?? 0) + 1 } : held);
  }

  /** It was given to somewhere else without having been in hand. */
  moved({ shard, offset }: Held): void {
    shard.taken -= 1;
    shard.progress.finish(offset);
  }

  /** It comes again before all others, uncounted. */
  giveBack(held: Held): void {
    this.#reservation.went(held.shard);
    this.#again(held);
  }

  /** It comes again at its time, in its place. */
  retry(held: Held, retry: Retry): void {
    this.#reservation.went(held.shard);
    held.shard.progress.retries.set(held.offset, retry);
    this.#again(retried(held, retry));
  }

  /** It is others' now: whoever waits behind it goes on. */
  lost(held: Held): void {
    this.#reservation.went(held.shard);
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
    for (const held of this.#away.get(shard)?.values() ?? []) this.#forget(held);
    this.#away.delete(shard);
    for (const held of this.#waiting) {
      if (held.shard !== shard) continue;
      this.#waiting.delete(held);
      this.#forget(held);
    }
  }

  close(): void {
    this.#alarm.clear();
  }

  #sortLanes(lanes: readonly Shard[]): void {
    for (const lane of lanes) {
      while (lane.peek() !== undefined && this.#ready.reduce((sum, { length }) => sum + length, 0) < mostReady) {
        const held = this.#pull([lane], false);
        if (held === undefined) break;
        this.#ready[levelOf(held, this.#ready.length)]?.push(held);
      }
    }
  }

  /** The next of these shards that may be delivered, a different one first each time. */
  #pull(shards: readonly Shard[], isForHand: boolean): Held | undefined {
    this.#turn += 1;
    for (let step = 0; step < shards.length; step += 1) {
      const shard = shards[(this.#turn + step) % shards.length];
      if (shard === undefined) continue;
      for (;;) {
        const taken = this.#take(shard, isForHand);
        if (taken === "none") break;
        if (taken !== "aside") return taken;
      }
    }
    return undefined;
  }

  /** The first of a shard; `aside`: it was put somewhere else, and the next may come. */
  #take(shard: Shard, isForHand: boolean): Held | "aside" | "none" {
    const record = shard.peek();
    if (record === undefined) return "none";
    const now = this.#options.clock.now();
    if (shard.blockedUntil > now) return "none";
    if (shard.taken - shard.inHand >= mostAside || shard.progress.isFull) return "none";
    if (isForHand && !this.#reservation.may(shard, record.offset, false)) return "none";
    const held = heldFrom(shard, record);
    if (shard.stayMs !== undefined && shard.stayMs > 0) {
      const leavesAt = Math.min(held.dueAt, record.timestamp + shard.stayMs);
      if (leavesAt > now) {
        shard.blockedUntil = leavesAt;
        this.#alarm.set(leavesAt);
        return "none";
      }
    }
    shard.shift();
    shard.taken += 1;
    return this.#admit(held, now);
  }

  #admit(held: Held, now: number): Held | "aside" {
    const { ordered } = this.#options.inbox;
    if (!ordered && held.dueAt > now + shortMs(this.#options.inbox) && !held.shard.progress.lent.has(held.offset)) {
      this.#options.park(held);
      return "aside";
    }
    if (ordered && held.key !== undefined && !this.#gate.enter(held.key, held)) return "aside";
    if (this.#isAway(held)) return "aside";
    if (held.dueAt <= now) return held;
    this.#wait(held);
    return "aside";
  }

  /** Whether something of this level or below waits in no shard any more. */
  #isReady(level: number): boolean {
    return this.#ready.slice(0, level + 1).some(({ length }) => length > 0);
  }

  #again(held: Held): void {
    if (held.shard.state !== "open") {
      held.shard.taken -= 1;
      this.#pass(held);
    } else if (held.dueAt > this.#options.clock.now()) this.#wait(held);
    else this.#ready[levelOf(held, this.#ready.length)]?.unshift([held]);
  }

  /** Whether it is in others' hands; then it is waited for what they say. */
  #isAway(held: Held): boolean {
    const { shard, offset } = held;
    if (!shard.progress.lent.has(offset)) return false;
    const away = this.#away.get(shard);
    if (away === undefined) this.#away.set(shard, new Map([[offset, held]]));
    else away.set(offset, held);
    return true;
  }

  /** In an ordered inbox the next of its key comes when it is written down that it is done, or a crash would turn them round. */
  #finished(held: Held, offset: number, how?: "written"): void {
    held.shard.progress.finish(offset);
    if (!this.#options.inbox.ordered || held.key === undefined) return;
    if (how === "written") return this.#pass(held);
    void this.#options.commit(held.shard).then(() => {
      this.#pass(held);
      this.#options.wake();
    });
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
    if (next === undefined || this.#isAway(next)) return;
    if (next.dueAt > this.#options.clock.now()) this.#wait(next);
    else this.#ready[levelOf(next, this.#ready.length)]?.push(next);
  }
}

function levelOf({ priority }: Held, levels: number): number {
  return Math.min(priority, levels - 1);
}
