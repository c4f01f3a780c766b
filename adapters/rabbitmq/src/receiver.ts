import {
  addressOf,
  type Cancel,
  type Flow,
  type Inbox,
  type Receiver,
  type Settlement,
  type SettleResult,
  type Sink,
  WaybillError,
  Hand,
} from "@waybill/core";
import { Buffers } from "./buffers.ts";
import { Intake } from "./intake.ts";
import { type Mine, type Mover, sendAll, store } from "./moves.ts";
import { readyQueue, topicIn } from "./names.ts";
import { Retries } from "./retries.ts";
import type { Shared } from "./shared.ts";
import { Sizes } from "./sizes.ts";
import { lanesOf } from "./lanes.ts";
import { type Held, isSuspicious } from "./wire.ts";

export interface ReceiverOptions {
  readonly inbox: Inbox;
  readonly flow: Flow;
  readonly sink: Sink;
  readonly shared: Shared;
  readonly closed: (receiver: Receiver) => void;
}

/** One member of an inbox without order: what it has in hand is unsettled on its channel, and goes back when the channel ends. */
export class QueueReceiver implements Receiver {
  readonly ended: Promise<void>;
  readonly #options: ReceiverOptions;
  readonly #mover: Mover;
  readonly #queues: readonly string[];
  readonly #hand: Hand<Held>;
  readonly #retries: Retries;
  readonly #buffers: Buffers;
  readonly #end = Promise.withResolvers<void>();
  #intake: Intake | undefined;
  #state: "open" | "stopped" | "closed" = "open";
  readonly #sizes = new Sizes();
  #isScheduled = false;
  #timer: Cancel | undefined;
  #answeredAt: number;

  constructor(options: ReceiverOptions) {
    const { inbox, flow, shared } = options;
    this.#options = options;
    const base = shared.routes.baseOf(inbox);
    this.#mover = { inbox, base, shared };
    this.#queues = lanesOf(inbox).map((lane) => readyQueue(base, lane));
    this.#buffers = new Buffers(this.#queues.length);
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
    await this.#open();
    this.#renew();
  }

  async settle(batch: readonly Settlement[]): Promise<readonly SettleResult[]> {
    const intake = this.#intake;
    const mine = batch.filter((one): one is Mine => this.#hand.delete(one.delivery as Held));
    if (mine.length > 0) this.#schedule();
    const results = intake === undefined ? mine.map(() => "lost" as const) : await this.#settle(mine, intake);
    if (mine.length === batch.length) return results;
    const byDelivery = new Map(mine.map(({ delivery }, index) => [delivery as Settlement["delivery"], results[index]]));
    return batch.map(({ delivery }) => byDelivery.get(delivery) ?? "lost");
  }

  resize(flow: Flow): Promise<void> | undefined {
    this.#hand.flow = flow;
    this.#schedule();
    return this.#intake?.adjust();
  }

  pulse(): { readonly answeredAt: number; readonly shards: number | undefined } {
    return { answeredAt: this.#answeredAt, shards: undefined };
  }

  async stop(): Promise<void> {
    if (this.#state === "open") this.#state = "stopped";
    this.#timer?.();
    await this.#intake?.adjust();
  }

  async close(): Promise<void> {
    if (this.#state === "closed") return;
    await this.stop();
    this.#state = "closed";
    this.#retries.stop();
    const intake = this.#intake;
    const held = this.#hand.empty().map((delivery) => ({ delivery, outcome: "release" }) as const);
    if (intake !== undefined) {
      await this.#settle(held, intake);
      await intake.close();
    }
    const { inbox, shared } = this.#options;
    const { connection } = shared.consuming;
    if (inbox.ephemeral && connection !== undefined)
      await shared.topology
        .remove(connection, { kind: "inbox", inbox, start: { from: "now", reset: false } })
        .catch(() => undefined);
    this.#options.closed(this);
    this.#end.resolve();
  }

  async #open(): Promise<void> {
    const { inbox, shared } = this.#options;
    const connection = await shared.consuming.ready();
    // What came on a channel that was over before it was open.
    this.#buffers.dropUpTo(Infinity);
    let intake: Intake | undefined;
    let isOver = false;
    intake = await Intake.open({
      connection,
      queues: this.#queues,
      sourceOf: (route) => (inbox.shape.kind === "pattern" ? (topicIn(route) ?? inbox.source) : inbox.source),
      target: () => this.#target(),
      took: (held) => this.#took(held),
      surplus: () => this.#surplus(),
      answered: () => (this.#answeredAt = shared.context.clock.now()),
      ended: (why) => {
        isOver = true;
        if (intake !== undefined && this.#intake === intake) this.#lose(why);
      },
    });
    if (this.#state === "closed") return intake.close();
    this.#intake = intake;
    // What came while it was being opened, and what was seen of it.
    this.#schedule();
    this.#adjust();
    if (isOver) this.#lose(intake.over ?? new WaybillError("UNAVAILABLE", "rabbitmq: the channel was closed"));
  }

  /** How many may be on their way from each queue. */
  #target(): number {
    if (this.#state !== "open") return 0;
    const { window, bytes } = this.#hand.flow;
    if (window === 0) return 0;
    // Of each priority some wait here, or a lower one would be taken while the next of a higher one is on its way.
    const wanted = this.#queues.length > 1 ? 2 * window : window;
    return Math.min(wanted, Math.max(1, Math.floor(bytes / this.#sizes.largest)), 2_000);
  }

  #took(held: Held): void {
    const isGrown = this.#sizes.add(held.body.length);
    this.#buffers.add(held, this.#options.shared.context.clock.now());
    this.#schedule();
    if (isGrown) this.#adjust();
  }

  /** What came and will not be delivered soon, for others. */
  async #surplus(): Promise<readonly Held[]> {
    this.#deliver();
    const { next } = this.#buffers;
    const isWanted = this.#target() > 0 && (next === undefined || next.body.length <= this.#hand.room.bytes);
    const stale = this.#options.shared.context.clock.now() - 2 * this.#renewEvery;
    const surplus = this.#buffers.dropUpTo(isWanted ? stale : Infinity);
    // What was given back before would be taken for what kills its members, some day.
    const worn = surplus.filter(isSuspicious);
    const intake = this.#intake;
    if (worn.length === 0 || intake === undefined) return surplus;
    const released = worn.map((delivery) => ({ delivery, outcome: "release" }) as const);
    const flaws = await store(released, this.#mover);
    if (intake.over !== undefined) return [];
    const copied = new Set(worn.filter((_, index) => flaws[index] === undefined));
    intake.acks.ack([...copied].map(({ tag }) => tag));
    return surplus.filter((held) => !copied.has(held));
  }

  /** What waits behind higher priorities is taken anew in time, since the server ends a channel that settles nothing for long. */
  #renew(): void {
    if (this.#state !== "open") return;
    this.#timer = this.#options.shared.context.clock.after(this.#renewEvery, () => {
      this.#adjust();
      this.#renew();
    });
  }

  get #renewEvery(): number {
    return this.#options.shared.settings.consumerTimeoutMs / 8;
  }

  #adjust(): void {
    const intake = this.#intake;
    if (intake !== undefined) void intake.adjust();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    if (this.#state !== "open" || this.#intake === undefined) return;
    const batch = this.#buffers.take((held) => this.#hand.offer(held));
    if (batch.length === 0) return;
    if (this.#hand.flow.settle === "first") void this.#deliverOnce(batch, this.#intake);
    else this.#options.sink.deliver(batch);
  }

  /** Settled before it is delivered, and the server has said so (ACK-6). */
  async #deliverOnce(batch: readonly Held[], intake: Intake): Promise<void> {
    try {
      intake.acks.ack(batch.map(({ tag }) => tag));
      for (const lane of new Set(batch.map((held) => held.lane))) await intake.fence(lane);
    } catch {
      // The channel is gone: what became of them nobody knows, so they count as delivered to nobody.
      for (const held of batch) this.#hand.delete(held);
      return;
    }
    const mine = batch.filter(({ place }) => place >= 0);
    if (mine.length > 0 && this.#state !== "closed") this.#options.sink.deliver(mine);
  }

  async #settle(mine: readonly Mine[], intake: Intake): Promise<readonly SettleResult[]> {
    if (this.#hand.flow.settle === "first") return this.#sendOnly(mine);
    const isSimple = mine.every((one) => one.outcome === "ack" && one.sends.length === 0);
    const flaws = isSimple ? undefined : await store(mine, this.#mover);
    if (intake.over !== undefined) return mine.map(() => "lost");
    const done = flaws === undefined ? mine : mine.filter((_, index) => flaws[index] === undefined);
    try {
      intake.acks.ack(done.map(({ delivery }) => delivery.tag));
    } catch {
      return mine.map(() => "lost");
    }
    if (flaws === undefined) return mine.map(() => "settled");
    return mine.map(({ delivery }, index) => {
      const flaw = flaws[index];
      if (flaw === undefined) return "settled";
      this.#hand.add(delivery);
      return flaw;
    });
  }

  /** What was settled before has nothing left but what its handler sent. */
  #sendOnly(mine: readonly Mine[]): Promise<readonly SettleResult[]> {
    const { shared } = this.#options;
    const deadline = shared.context.clock.now() + shared.settings.commandTimeoutMs;
    const sent = mine.map(async (one): Promise<SettleResult> => {
      if (one.outcome !== "ack") return "settled";
      return (await sendAll(one.sends, shared, deadline)) ?? "settled";
    });
    return Promise.all(sent);
  }

  /** The channel is gone, and with it what was in hand. */
  #lose(why: WaybillError): void {
    this.#intake = undefined;
    this.#buffers.dropUpTo(Infinity);
    const held = this.#hand.empty();
    if (held.length > 0 && this.#state !== "closed") {
      const cause = new WaybillError("LEASE_LOST", `the lease of ${held.length} message(s) is over: ${why.message}`);
      this.#options.sink.lost(held, cause);
    }
    if (this.#state !== "closed") this.#retries.start(() => this.#reopen());
  }

  async #reopen(): Promise<void> {
    const { inbox, shared } = this.#options;
    const connection = await shared.consuming.ready();
    // What was closed meanwhile must not be made again.
    if (this.#state === "closed") return;
    const found = await shared.topology.restore(connection, inbox);
    if (found === "gone") return this.#abandon();
    if (found === "restored") shared.context.report("position-lost", inbox);
    if ((this.#state as string) !== "closed") await this.#open();
  }

  /** Its inbox was removed: it gets nothing more. */
  #abandon(): void {
    this.#state = "closed";
    this.#timer?.();
    this.#options.closed(this);
    const { source, group } = this.#options.inbox;
    this.#end.reject(new WaybillError("MISSING", `group "${group}" of "${source}" was removed; subscribe again`));
  }
}
