import { type Clock, type Headers, KeyedGate, WaybillError } from "@waybill/core";
import type { ConfirmChannel, ConsumeMessage } from "amqplib";
import { Acks } from "./acks.ts";
import { closeChannel, openConfirming, withChannel } from "./channel.ts";
import type { Connection } from "./connection.ts";
import type { Ledger } from "./ledger.ts";
import { LedgerCell, lookInto } from "./ledger-cell.ts";
import { Replay } from "./replay.ts";
import { type Entry, type Fate, gateOf, lineOn, linesOf, suspicious, takeWaiting, withLine } from "./shard-entry.ts";
import { Suspects } from "./suspects.ts";
import { type Held, heldOf } from "./wire.ts";

export interface ShardOptions {
  readonly connection: Connection;
  readonly clock: Clock;
  /** Its number. */
  readonly lane: number;
  readonly queue: string;
  readonly ledgerQueue: string;
  /** Where its past lies in a life of its inbox. */
  readonly pastQueue: (life: string) => string;
  readonly sourceOf: (route: string) => string;
  /** Something can be delivered. */
  readonly ready: () => void;
  /** The channel has ended by itself; these were in hand. */
  readonly ended: (shard: Shard, why: WaybillError, held: readonly Held[]) => void;
}

/**
 * How many messages may be here. The same for all members at all times: what a member gives back goes behind what another has given
 * back and nobody has taken since, so whoever comes next must take all of it, or the order is lost.
 */
const most = 100;

/**
 * One member's hold on a shard: a consumer that the server makes the only active one, on a channel of its own. What was not settled
 * goes back in its order when the channel ends, before the next member gets anything. A message that is to be tried again stays
 * here, unsettled, so that its key waits for it; what is to be remembered of it is written into the shard's ledger.
 */
export class Shard {
  readonly lane: number;
  readonly #options: ShardOptions;
  readonly #channel: ConfirmChannel;
  readonly #acks: Acks;
  #gate = new KeyedGate<Entry>();
  readonly #replay: Replay;
  readonly #entries = new Map<number, Entry>();
  #ready: Entry[] = [];
  #cell: LedgerCell | undefined;
  #isReading = false;
  readonly #suspects: Suspects;
  #isClosing = false;
  #over: WaybillError | undefined;
  #emptied: (() => void)[] = [];

  private constructor(channel: ConfirmChannel, options: ShardOptions) {
    this.lane = options.lane;
    this.#channel = channel;
    this.#options = options;
    this.#acks = new Acks(channel);
    this.#suspects = new Suspects({ write: () => this.#write(), ready: options.ready });
    const enter = (message: ConsumeMessage): void => this.#cell && this.#enter(message, this.#cell);
    this.#replay = new Replay({ ...options, channel, acks: this.#acks, enter, dropWaiting: () => this.#dropWaiting() });
  }

  static async open(options: ShardOptions): Promise<Shard> {
    let early: WaybillError | undefined;
    let tell = (why: WaybillError): void => void (early = why);
    const channel = await openConfirming(options.connection, (why) => tell(why));
    const shard = new Shard(channel, options);
    tell = (why) => shard.#end(why);
    try {
      await channel.prefetch(most);
      await channel.consume(options.queue, (message) => shard.#came(message));
    } catch (thrown) {
      shard.#isClosing = true;
      void closeChannel(channel);
      throw options.connection.explain(thrown);
    }
    if (early !== undefined) throw new WaybillError(early.code, early.message);
    return shard;
  }

  /** Whether it is ours, as far as is known: something came. */
  get isOurs(): boolean {
    return this.#cell !== undefined || this.#isReading;
  }

  get inHand(): number {
    let count = 0;
    for (const { inHand } of this.#entries.values()) if (inHand) count += 1;
    return count;
  }

  /** When what has been unsettled for longest came, epoch ms. */
  get oldestAt(): number {
    for (const { cameAt } of this.#entries.values()) return Math.min(cameAt, this.#replay.since);
    return this.#replay.since;
  }

  get over(): WaybillError | undefined {
    return this.#over;
  }

  /** What can be delivered, as far as it is taken. */
  take(offer: (held: Held) => boolean): readonly Held[] {
    if (this.#isClosing) return [];
    const isCareful = this.#suspects.size > 0;
    if (isCareful && (this.inHand > 0 || !this.#suspects.mayGo(this.#ready[0]))) return [];
    const taken: Held[] = [];
    for (const entry of isCareful ? this.#ready.slice(0, 1) : this.#ready) {
      if (!offer(entry.held)) break;
      entry.inHand = true;
      taken.push(entry.held);
    }
    this.#ready.splice(0, taken.length);
    return taken;
  }

  #lines(known: Ledger): Ledger {
    const isExact = this.#isClosing || this.#suspects.size > 0;
    const isAtRisk = (entry: Entry): boolean => !this.#isClosing && (entry.inHand || this.#suspects.isNext(entry));
    const fateOf = (entry: Entry): Fate => (isExact ? (isAtRisk(entry) ? "killed" : "waited") : "open");
    return linesOf(known, this.#entries.values(), fateOf);
  }

  /** Done: the next of its key may go. Its line goes with the next ones that are written. @throws when the channel is closed */
  done(held: readonly Held[]): void {
    this.#acks.ack(held.map(({ tag }) => tag));
    for (const { tag, id } of held) {
      const entry = this.#entries.get(tag);
      this.#entries.delete(tag);
      this.#suspects.delete(tag);
      this.#cell?.forget(id);
      if (entry !== undefined) this.#leave(entry);
      this.#replay.settled(tag);
    }
    if (this.#entries.size === 0) void this.#cell?.flush().catch(() => undefined);
    this.#settled();
  }

  /** It stays in its place, to be delivered again; resolves once that is written down. */
  async again(
    held: Held,
    { delayMs, failed, note }: { delayMs: number; failed: boolean; note: Headers },
  ): Promise<void> {
    const entry = this.#entries.get(held.tag);
    if (entry === undefined) return;
    const before = entry.line;
    const dueAt = delayMs > 0 ? Math.ceil(this.#options.clock.now() + delayMs) : 0;
    const failures = before.failures + (failed ? 1 : 0);
    entry.line = { ...before, failures, dueAt, note: { ...before.note, ...note } };
    // What is written must not say that our death would be its work.
    entry.inHand = false;
    try {
      await this.#write();
    } catch (thrown) {
      Object.assign(entry, { line: before, inHand: true });
      throw thrown;
    }
    this.#putBack(entry);
  }

  /** Given back before it was handled: it is ready again, here. */
  release(held: Held): void {
    const entry = this.#entries.get(held.tag);
    if (entry !== undefined) this.#putBack(entry);
  }

  /** Delivers nothing more; resolves when nothing is in hand. */
  async drain(): Promise<void> {
    this.#isClosing = true;
    if (this.inHand > 0 && this.#over === undefined) await new Promise<void>((resolve) => this.#emptied.push(resolve));
  }

  /** Gives the shard to another. What was only waiting is not counted as delivered. */
  async close(): Promise<void> {
    this.#isClosing = true;
    for (const { timer } of this.#entries.values()) timer?.();
    if (this.#over !== undefined) return;
    await this.#arrived().catch(() => undefined);
    this.#replay.release();
    if (this.#entries.size > 0) await this.#write().catch(() => undefined);
    else await this.#cell?.flush().catch(() => undefined);
    await closeChannel(this.#channel);
  }

  /** Until all that the queue has handed out is here: the second answer comes after what stood in the channel's way at the first. */
  async #arrived(): Promise<void> {
    await this.#channel.checkQueue(this.#options.queue);
    await this.#replay.arrived();
    await this.#channel.prefetch(most);
    while (this.#isReading && this.#cell === undefined && this.#over === undefined)
      await new Promise<void>((resolve) => void this.#options.clock.after(1, resolve));
  }

  #came(message: ConsumeMessage | null): void {
    if (message === null) {
      this.#end(this.#options.connection.explain(new Error("the server has cancelled the consumer")));
      void closeChannel(this.#channel);
      return;
    }
    this.#acks.delivered(message.fields.deliveryTag);
    this.#replay.came(message);
    if (!this.#isReading) void this.#read();
  }

  /** The shard is ours since just now: what its last member has written down holds for us. */
  async #read(): Promise<void> {
    this.#isReading = true;
    const { connection, ledgerQueue: queue, clock } = this.#options;
    try {
      const ledger = await withChannel(connection, (channel) => lookInto(channel, queue, clock));
      const cell = new LedgerCell({
        channel: this.#channel,
        queue,
        clock,
        ledger,
        lines: (known) => this.#lines(known),
      });
      this.#cell = cell;
      this.#replay.open();
    } catch {
      // It goes back to the server, and comes again.
      this.#end(connection.explain(new Error("its ledger could not be read")));
      void closeChannel(this.#channel);
    }
  }

  #enter(message: ConsumeMessage, cell: LedgerCell): void {
    const { lane, sourceOf } = this.#options;
    const held = heldOf({ message, lane, source: sourceOf(message.fields.routingKey) });
    const line = lineOn(cell.lineOf(held.id), held);
    const cameAt = this.#options.clock.now();
    const entry: Entry = { cameAt, held: withLine(held, line), line, inHand: false, timer: undefined };
    this.#entries.set(held.tag, entry);
    if (line.crashes >= suspicious) this.#suspects.add(held.tag);
    if (held.key === undefined || this.#gate.enter(held.key, entry)) this.#wait(entry);
  }

  #dropWaiting(): void {
    const dropped = takeWaiting(this.#entries);
    this.#gate = gateOf(this.#entries.values());
    this.#ready = [];
    for (const { held } of dropped) {
      this.#suspects.delete(held.tag);
      this.#cell?.forget(held.id);
    }
    this.#acks.ack(dropped.map(({ held }) => held.tag));
  }

  #leave({ held }: Entry): void {
    const next = held.key === undefined ? undefined : this.#gate.leave(held.key);
    if (next !== undefined) this.#wait(next);
  }

  #putBack(entry: Entry): void {
    if (!this.#entries.has(entry.held.tag)) return this.#settled();
    entry.inHand = false;
    // Another object: the one that was delivered is settled.
    entry.held = withLine({ ...entry.held, place: -1 }, entry.line);
    this.#wait(entry);
    this.#settled();
  }

  /** Until it is due. */
  #wait(entry: Entry): void {
    const ms = entry.line.dueAt - this.#options.clock.now();
    if (ms > 0) {
      entry.timer = this.#options.clock.after(ms, () => this.#wait(entry));
      return;
    }
    this.#ready.push(entry);
    this.#options.ready();
  }

  #settled(): void {
    if (this.#emptied.length > 0 && this.inHand === 0) for (const wake of this.#emptied.splice(0)) wake();
  }

  async #write(): Promise<void> {
    try {
      await this.#cell?.write();
    } catch (thrown) {
      throw this.#options.connection.explain(thrown);
    }
  }

  #end(why: WaybillError): void {
    if (this.#over !== undefined) return;
    this.#over = why;
    for (const { timer } of this.#entries.values()) timer?.();
    const held = [...this.#entries.values()].filter(({ inHand }) => inHand).map((entry) => entry.held);
    for (const wake of this.#emptied.splice(0)) wake();
    if (!this.#isClosing || held.length > 0) this.#options.ended(this, why, held);
  }
}
