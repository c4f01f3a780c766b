import type { Message } from "@aws-sdk/client-sqs";
import {
  type Cancel,
  type Flow,
  type Inbox,
  type Receiver,
  type Settlement,
  type SettleResult,
  type Sink,
  WaybillError,
  Hand,
  type Room,
} from "@waybill/core";
import { errorOf } from "./gate.ts";
import { maxHoldMs } from "./manifest.ts";
import { Memory } from "./memory.ts";
import { queueNames } from "./names.ts";
import { Poller } from "./poller.ts";
import { type Mine, Settlements } from "./settlements.ts";
import type { Shared } from "./shared.ts";
import { type Held, heldOf } from "./wire.ts";

/** SQS counts delays in seconds; what is left of one is waited for here. */
const soonMs = 1_000;

export interface ReceiverOptions {
  readonly inbox: Inbox;
  readonly flow: Flow;
  readonly sink: Sink;
  readonly shared: Shared;
  readonly levels: readonly string[];
  readonly closed: (receiver: SqsReceiver) => void;
}

/** One member of an inbox: what it has in hand, each hidden from others for a lease. */
export class SqsReceiver implements Receiver {
  readonly ended: Promise<void>;
  readonly address: string;
  readonly #options: ReceiverOptions;
  readonly #hand: Hand<Held>;
  readonly #memory = new Memory();
  readonly #settlements: Settlements;
  readonly #poller: Poller;
  /** Comes within a second, each with its timer. */
  readonly #soon = new Map<Held, Cancel>();
  /** Was asked for when the window was larger: it waits here, since to give it back would count as a reception (and a failure, where ordered). */
  #waiting: Held[] = [];
  readonly #end: PromiseWithResolvers<void>;
  readonly #giving = new Set<Promise<unknown>>();
  #state: "open" | "stopped" | "closed" = "open";

  constructor(options: ReceiverOptions) {
    const { inbox, shared, flow, levels } = options;
    this.#options = options;
    this.#hand = new Hand<Held>(flow);
    [this.address] = queueNames(shared.context.namespace, inbox);
    this.#settlements = new Settlements({ inbox, shared, levels, memory: this.#memory });
    this.#poller = new Poller({
      shared,
      levels,
      ordered: inbox.ordered,
      room: () => this.#room(),
      took: (messages, level) => this.#took(messages, level),
      gone: (error) => this.#gone(error),
    });
    this.#end = Promise.withResolvers<void>();
    this.ended = this.#end.promise;
    // Nobody has to look.
    this.ended.catch(() => undefined);
  }

  start(): void {
    this.#poller.nudge();
  }

  async settle(batch: readonly Settlement[]): Promise<readonly SettleResult[]> {
    // What is not in hand is not ours.
    const settling = batch.map(async (one): Promise<SettleResult> =>
      this.#hand.delete(one.delivery as Held) ? this.#settle(one as Mine) : "lost",
    );
    if (this.#waiting.length > 0) queueMicrotask(() => this.#offer(this.#waiting.splice(0)));
    this.#poller.nudge();
    return Promise.all(settling);
  }

  async resize(flow: Flow): Promise<void> {
    this.#hand.flow = flow;
    this.#offer(this.#waiting.splice(0));
    this.#poller.nudge();
    if (flow.window === 0) await Promise.all(this.#giving);
  }

  pulse(): { readonly answeredAt: number; readonly shards: number | undefined } {
    return { answeredAt: this.#poller.answeredAt, shards: undefined };
  }

  async stop(): Promise<void> {
    if (this.#state === "open") this.#state = "stopped";
    for (const cancel of this.#soon.values()) cancel();
    this.#giveBack([...this.#soon.keys(), ...this.#waiting.splice(0)]);
    this.#soon.clear();
  }

  async close(): Promise<void> {
    if (this.#state === "closed") return;
    await this.stop();
    this.#state = "closed";
    this.#giveBack(this.#hand.empty());
    await this.#poller.stop();
    await Promise.all(this.#giving);
    const { inbox, shared, closed } = this.#options;
    try {
      if (inbox.ephemeral) await shared.topology.removeInbox(inbox);
    } catch {
      // It is swept by others.
    }
    closed(this);
    this.#end.resolve();
  }

  /** Keeps what is in hand, in batches; tells what is lost. */
  async renew(): Promise<void> {
    const { shared } = this.#options;
    const { leaseMs } = shared.settings;
    const now = shared.context.clock.now();
    this.#expire(now);
    const due = this.#all().filter(
      ({ until, receivedAt }) => until - now < (leaseMs * 2) / 3 && now + leaseMs - receivedAt < maxHoldMs,
    );
    await Promise.all(due.map((held) => this.#prolong(held, now)));
  }

  async #prolong(held: Held, now: number): Promise<void> {
    const { leaseMs } = this.#options.shared.settings;
    const renewal = this.#settlements.hide(held, leaseMs);
    held.renewal = renewal;
    const result = await renewal;
    held.renewal = undefined;
    // What was settled meanwhile has its own end.
    if (result === "settled") held.until = Math.max(held.until, now + leaseMs);
    else if (result === "lost") this.#lose([held]);
  }

  #expire(now: number): void {
    this.#lose(this.#all().filter(({ until }) => until <= now));
  }

  /** What is hidden from others for us. */
  #all(): readonly Held[] {
    return [...this.#hand.all(), ...this.#soon.keys(), ...this.#waiting];
  }

  #lose(gone: readonly Held[]): void {
    for (const held of gone) {
      this.#soon.get(held)?.();
      this.#soon.delete(held);
    }
    this.#waiting = this.#waiting.filter((held) => !gone.includes(held));
    const lost = gone.filter((held) => this.#hand.delete(held));
    if (lost.length === 0) return;
    const error = new WaybillError(
      "LEASE_LOST",
      "sqs: the message was not settled in its time, others may have it now",
    );
    this.#options.sink.lost(lost, error);
    this.#poller.nudge();
  }

  #room(): Room {
    if (this.#state !== "open") return { count: 0, bytes: 0, alone: false };
    const { room } = this.#hand;
    return { ...room, count: room.count - this.#waiting.length };
  }

  #took(messages: readonly Message[], level: number): void {
    const { shared, inbox } = this.#options;
    const receivedAt = shared.context.clock.now();
    const until = shared.pulse.since + shared.settings.leaseMs;
    // Its answer lay there while the event loop was blocked: it is others' by now.
    if (until <= receivedAt) return;
    const reception = { level, receivedAt, until, ordered: inbox.ordered };
    const held = messages.map((message) => this.#memory.recall(heldOf(message, reception)));
    const isEarly = ({ deliverAt = 0 }: Held): boolean => deliverAt > receivedAt;
    for (const early of held.filter(isEarly)) this.#postpone(early, (early.deliverAt ?? 0) - receivedAt);
    this.#offer(held.filter((one) => !isEarly(one)));
  }

  /** Delivers as far as there is room by now; a pause gives back the rest. */
  #offer(held: readonly Held[]): void {
    const taken: Held[] = [];
    const more: Held[] = [];
    for (const delivery of held) {
      if (this.#state === "open" && this.#hand.offer(delivery)) taken.push(delivery);
      else if (this.#state === "open" && this.#hand.flow.window > 0 && this.#hand.room.count === 0)
        this.#waiting.push(delivery);
      else more.push(delivery);
    }
    if (more.length > 0) this.#giveBack(more);
    if (taken.length === 0) return;
    if (this.#hand.flow.settle === "first") void this.#deliverOnce(taken);
    else this.#options.sink.deliver(taken);
  }

  /** Settles first, so that nothing is delivered twice (ACK-6). */
  async #deliverOnce(taken: readonly Held[]): Promise<void> {
    const results = await Promise.all(taken.map((held) => this.#settlements.delete(held)));
    const mine = taken.filter((held, index) => results[index] === "settled" && held.place >= 0);
    for (const [index, held] of taken.entries()) if (results[index] !== "settled") this.#hand.delete(held);
    if (mine.length > 0 && this.#state !== "closed") this.#options.sink.deliver(mine);
  }

  async #settle(settlement: Mine): Promise<SettleResult> {
    if (this.#hand.flow.settle === "first") return this.#settlements.effectsAlone(settlement);
    const result = await this.#settlements.settle(settlement);
    if (typeof result !== "object") return result;
    const { delivery } = settlement;
    if (delivery.until <= this.#options.shared.context.clock.now()) return "lost";
    this.#hand.add(delivery);
    return result;
  }

  /** It came before its time: it waits here where that is soon, else in the queue again. */
  #postpone(held: Held, delayMs: number): void {
    if (delayMs <= soonMs && this.#state === "open") {
      const due = (): void => {
        if (this.#soon.delete(held)) this.#offer([held]);
      };
      this.#soon.set(held, this.#options.shared.context.clock.after(delayMs, due));
      return;
    }
    this.#keepTrying({ delivery: held, outcome: "retry", delayMs, failed: false, note: {} });
  }

  #giveBack(held: readonly Held[]): void {
    for (const delivery of held) this.#keepTrying({ delivery, outcome: "release" });
  }

  /** As long as it is ours; after that it comes back by itself. */
  #keepTrying(settlement: Mine): void {
    const { clock, backoff } = this.#options.shared.context;
    const trying = (async () => {
      for (let attempt = 1; ; attempt += 1) {
        const result = await this.#settlements.settle(settlement);
        if (typeof result !== "object" || this.#state === "closed") return;
        await new Promise<void>((resolve) => void clock.after(backoff(attempt), resolve));
      }
    })().finally(() => this.#giving.delete(trying));
    this.#giving.add(trying);
  }

  /** An ephemeral inbox is made again; any other was removed by somebody. */
  async #gone(error: WaybillError): Promise<boolean> {
    const { inbox, shared } = this.#options;
    if (this.#state === "closed") return false;
    if (inbox.ephemeral) {
      try {
        shared.topology.forget(inbox);
        await shared.topology.declareInbox(inbox);
        shared.context.report("position-lost", inbox, error);
      } catch (thrown) {
        shared.context.report("lost", inbox, errorOf(thrown));
      }
      return true;
    }
    shared.context.report("position-lost", inbox, error);
    this.#end.reject(
      new WaybillError("MISSING", `group "${inbox.group}" of "${inbox.source}" was removed; declare it again`),
    );
    return false;
  }
}
