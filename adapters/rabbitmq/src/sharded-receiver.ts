import {
  addressOf,
  type Cancel,
  type Flow,
  type Receiver,
  type Settlement,
  type SettleResult,
  toWaybillError,
  WaybillError,
  Hand,
} from "@waybill/core";
import { Membership } from "./members.ts";
import { type Mine, type Mover, store } from "./moves.ts";
import { ledgerQueue, memberQueue, pastQueue, readyQueue, shardCount, topicIn } from "./names.ts";
import type { ReceiverOptions } from "./receiver.ts";
import { Retries } from "./retries.ts";
import { Shard } from "./shard.ts";
import type { Held } from "./wire.ts";

/** How often members look how many they are, ms. */
const countEveryMs = 200;
/**
 * One member of an ordered inbox. The server gives each shard to one of those that ask for it; whoever has more than its share lets
 * one go, when nothing of it is in hand, and asks again at the end of the line (SUB-12, SUB-13).
 */
export class ShardedReceiver implements Receiver {
  readonly ended: Promise<void>;
  readonly #options: ReceiverOptions;
  readonly #mover: Mover;
  readonly #hand: Hand<Held>;
  readonly #retries: Retries;
  readonly #end = Promise.withResolvers<void>();
  readonly #shards = new Map<number, Shard>();
  /** Those that are being given up or asked for. */
  readonly #busy = new Map<number, Promise<void>>();
  #membership: Membership | undefined;
  #state: "open" | "stopped" | "closed" = "open";
  #isScheduled = false;
  #timer: Cancel | undefined;
  #turn = 0;
  #answeredAt: number;

  constructor(options: ReceiverOptions) {
    const { inbox, flow, shared } = options;
    this.#options = options;
    this.#mover = { inbox, base: shared.routes.baseOf(inbox), shared };
    this.#hand = new Hand<Held>(flow);
    this.#retries = new Retries(shared.context);
    this.#answeredAt = shared.context.clock.now();
    this.ended = this.#end.promise;
    // Nobody has to look.
    this.ended.catch(() => undefined);
  }

  get address(): string {
    return addressOf(this.#options.inbox);
  }

  /** @throws WaybillError `MISSING` */
  async start(): Promise<void> {
    await this.#join();
    for (let lane = 0; lane < shardCount; lane += 1) await this.#inTurn(lane, () => this.#want(lane));
    this.#count();
  }

  async settle(batch: readonly Settlement[]): Promise<readonly SettleResult[]> {
    const results = new Map<Settlement, SettleResult>();
    const mine = batch.filter((one): one is Mine => this.#hand.delete(one.delivery as Held));
    const byShard = Map.groupBy(mine, ({ delivery }) => this.#shards.get(delivery.lane));
    const settling = [...byShard].map(async ([shard, those]) => {
      const found = shard === undefined ? those.map((): SettleResult => "lost") : await this.#settle(those, shard);
      for (const [index, one] of those.entries()) results.set(one, found[index] ?? "lost");
    });
    await Promise.all(settling);
    this.#schedule();
    return batch.map((one) => results.get(one) ?? "lost");
  }

  resize(flow: Flow): void {
    const wasWanted = this.#isWanted;
    this.#hand.flow = flow;
    this.#schedule();
    if (wasWanted === this.#isWanted) return;
    for (let lane = 0; lane < shardCount; lane += 1) this.#change(lane);
  }

  pulse(): { readonly answeredAt: number; readonly shards: number | undefined } {
    const shards = [...this.#shards.values()].filter(({ isOurs }) => isOurs).length;
    return { answeredAt: this.#answeredAt, shards };
  }

  async stop(): Promise<void> {
    if (this.#state === "open") this.#state = "stopped";
    this.#timer?.();
  }

  async close(): Promise<void> {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#timer?.();
    this.#retries.stop();
    this.#hand.empty();
    await Promise.all([...this.#shards.values()].map((shard) => shard.close()));
    await Promise.all(this.#busy.values());
    this.#shards.clear();
    await this.#membership?.leave();
    this.#options.closed(this);
    this.#end.resolve();
  }

  /** Whether it takes anything at all: who is paused holds up no shard. */
  get #isWanted(): boolean {
    return this.#state === "open" && this.#hand.flow.window > 0;
  }

  async #join(): Promise<void> {
    if (this.#state === "closed") return;
    const { shared } = this.#options;
    const connection = await shared.consuming.ready();
    this.#membership = await Membership.join(connection, memberQueue(this.#mover.base), () => {
      this.#membership = undefined;
      this.#retries.start(() => this.#join());
    });
  }

  /** Asks the server for a shard. */
  async #ask(lane: number): Promise<void> {
    const { inbox, shared } = this.#options;
    const { base } = this.#mover;
    const { clock } = shared.context;
    const connection = await shared.consuming.ready();
    const shard = await Shard.open({
      connection,
      clock,
      lane,
      queue: readyQueue(base, lane),
      ledgerQueue: ledgerQueue(base, lane),
      pastQueue: (life) => pastQueue(base, lane, life),
      sourceOf: (route) => (inbox.shape.kind === "pattern" ? (topicIn(route) ?? inbox.source) : inbox.source),
      ready: () => {
        this.#answeredAt = clock.now();
        this.#schedule();
      },
      ended: (gone, why, held) => this.#ended(gone, why, held),
    });
    if (shard.over !== undefined) throw shard.over;
    // It was paused or closed meanwhile.
    if (!this.#isWanted) return shard.close();
    this.#shards.set(lane, shard);
    this.#schedule();
  }

  /** The server has taken it: what was in hand is others' now. */
  #ended(gone: Shard, why: WaybillError, held: readonly Held[]): void {
    const { lane } = gone;
    if (this.#shards.get(lane) !== gone) return;
    this.#shards.delete(lane);
    const lost = held.filter((one) => this.#hand.delete(one));
    if (lost.length > 0 && this.#state !== "closed") {
      const cause = new WaybillError("LEASE_LOST", `the lease of ${lost.length} message(s) is over: ${why.message}`);
      this.#options.sink.lost(lost, cause);
    }
    this.#recover(lane);
  }

  /** What concerns one shard, one after the other. Rejects as the work does. */
  #inTurn(lane: number, work: () => Promise<void>): Promise<void> {
    const mine = (this.#busy.get(lane) ?? Promise.resolve()).then(work);
    const quiet = mine.catch(() => undefined);
    this.#busy.set(lane, quiet);
    void quiet.then(() => {
      if (this.#busy.get(lane) === quiet) this.#busy.delete(lane);
    });
    return mine;
  }

  /** Lets go of a shard, when nothing of it is in hand, and asks for it anew if it is wanted. */
  #change(lane: number): void {
    const letGo = async (): Promise<void> => {
      const shard = this.#shards.get(lane);
      if (shard !== undefined) {
        await shard.drain();
        await shard.close();
        if (this.#shards.get(lane) === shard) this.#shards.delete(lane);
      }
      await this.#want(lane);
    };
    this.#inTurn(lane, letGo).catch(() => this.#recover(lane));
  }

  /** Asks for a shard that was lost, until it is there or not wanted. */
  #recover(lane: number): void {
    this.#retries.start(() => this.#inTurn(lane, () => this.#askAgain(lane)));
  }

  async #want(lane: number): Promise<void> {
    if (this.#isWanted && !this.#shards.has(lane)) await this.#ask(lane);
  }

  async #askAgain(lane: number): Promise<void> {
    if (!this.#isWanted || this.#shards.has(lane)) return;
    const { inbox, shared } = this.#options;
    const connection = await shared.consuming.ready();
    const found = await shared.topology.restore(connection, inbox);
    if (found === "gone") return this.#abandon();
    if (found === "restored") shared.context.report("position-lost", inbox);
    await this.#want(lane);
  }

  /** Every now and then, whether others are there who have less. */
  #count(): void {
    if (this.#state !== "open") return;
    this.#timer = this.#options.shared.context.clock.after(countEveryMs, () => {
      void this.#share()
        .catch(() => undefined)
        .then(() => this.#count());
    });
  }

  async #share(): Promise<void> {
    this.#renew();
    const ours = [...this.#shards.values()].filter(({ isOurs, lane }) => isOurs && !this.#busy.has(lane));
    if (ours.length < 2 || this.#membership === undefined) return;
    const members = await this.#membership.count();
    const surplus = ours.length - Math.ceil(shardCount / members);
    if (surplus <= 0) return;
    // Those first of which least is in hand.
    const sorted = ours.sort((one, other) => one.inHand - other.inHand);
    for (const { lane } of sorted.slice(0, surplus)) this.#change(lane);
  }

  /** What has waited for long is taken anew, since the server ends a consumer that settles nothing in time. */
  #renew(): void {
    const { settings, context } = this.#options.shared;
    const old = context.clock.now() - settings.consumerTimeoutMs / 4;
    for (const { oldestAt, lane } of this.#shards.values())
      if (oldestAt < old && !this.#busy.has(lane)) this.#change(lane);
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#deliver();
    });
  }

  /** In turns, so that no shard waits behind the others. */
  #deliver(): void {
    if (!this.#isWanted) return;
    const shards = [...this.#shards.values()];
    this.#turn += 1;
    const batch: Held[] = [];
    for (const index of shards.keys())
      batch.push(...(shards[(index + this.#turn) % shards.length]?.take((held) => this.#hand.offer(held)) ?? []));
    if (batch.length > 0) this.#options.sink.deliver(batch);
  }

  async #settle(mine: readonly Mine[], shard: Shard): Promise<readonly SettleResult[]> {
    const flaws = await store(mine.filter(isMoved), this.#mover);
    const next = flaws[Symbol.iterator]();
    return Promise.all(mine.map((one) => this.#settleOne(one, shard, isMoved(one) ? next.next().value : undefined)));
  }

  async #settleOne(one: Mine, shard: Shard, flaw: WaybillError | undefined): Promise<SettleResult> {
    if (shard.over !== undefined) return "lost";
    try {
      if (flaw !== undefined) throw flaw;
      if (one.outcome === "retry") await shard.again(one.delivery, one);
      else if (one.outcome === "release") shard.release(one.delivery);
      else shard.done([one.delivery]);
      return "settled";
    } catch (thrown) {
      if (shard.over !== undefined) return "lost";
      this.#hand.add(one.delivery);
      return toWaybillError(thrown, "UNAVAILABLE");
    }
  }

  /** Its inbox was removed: it gets nothing more. */
  #abandon(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#timer?.();
    this.#retries.stop();
    void this.#membership?.leave();
    this.#options.closed(this);
    const { source, group } = this.#options.inbox;
    this.#end.reject(new WaybillError("MISSING", `group "${group}" of "${source}" was removed; subscribe again`));
  }
}

/** What stays in its place is not stored anywhere else. */
function isMoved({ outcome }: Mine): boolean {
  return outcome === "dead" || outcome === "ack";
}
