import {
  addressOf,
  type Delivery,
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
import { CallError } from "./calls.ts";
import type { Client } from "./client.ts";
import { toError } from "./errors.ts";
import { Membership } from "./membership.ts";
import { keysOfInbox, readyKey } from "./names.ts";
import { Reader } from "./reader.ts";
import { recovered } from "./recovery.ts";
import { type Mine, sendAll, settleAll } from "./settlements.ts";
import type { Shared } from "./shared.ts";
import type { Held } from "./wire.ts";

export interface ReceiverOptions {
  readonly inbox: Inbox;
  readonly flow: Flow;
  readonly sink: Sink;
  readonly shared: Shared;
  readonly closed: (receiver: RedisReceiver) => void;
}

/** One member of an inbox: what it has in hand, under a name that is its lease. */
export class RedisReceiver implements Receiver {
  readonly ended: Promise<void>;
  readonly #options: ReceiverOptions;
  readonly #base: string;
  readonly #keys: readonly string[];
  readonly #hand: Hand<Held>;
  /** Handed to `settle`, and not answered yet. */
  readonly #settling = new Set<readonly Mine[]>();
  readonly #reader: Reader;
  readonly #member: Membership;
  readonly #end: PromiseWithResolvers<void>;
  #state: "open" | "stopped" | "closed" = "open";
  #mending: Promise<void> | undefined;

  constructor(options: ReceiverOptions) {
    const { inbox, shared, flow } = options;
    this.#options = options;
    this.#hand = new Hand<Held>(flow);
    this.#base = shared.topology.baseOf(inbox);
    this.#keys = keysOfInbox(this.#base, inbox.shape.priorities);
    this.#member = new Membership({
      inbox,
      base: this.#base,
      keys: this.#keys,
      shared,
      over: (name) => void this.#refused(name, "lost"),
    });
    this.#reader = new Reader({
      base: this.#base,
      levels: inbox.shape.priorities,
      ordered: inbox.ordered,
      leaseMs: shared.settings.leaseMs,
      context: shared.context,
      open: () => shared.openBlocking(readyKey(this.#base, 0)),
      unblock: (id) => shared.unblock(id, readyKey(this.#base, 0)),
      member: {
        name: () => this.#member.name,
        ready: () => this.#mending,
        room: () => this.#room(),
        took: (name, held) => this.#took(name, held),
        renewed: (name, sentAt) => this.#member.lease.renewed(name, sentAt),
        refused: (name, why) => this.#refused(name, why),
        connected: (client) => this.#connected(client),
        failing: (error) => shared.context.report("lost", inbox, error),
      },
    });
    this.#end = Promise.withResolvers<void>();
    this.ended = this.#end.promise;
    // Nobody has to look.
    this.ended.catch(() => undefined);
  }

  get address(): string {
    return addressOf(this.#options.inbox);
  }

  /** Becomes a member and begins to read. @throws WaybillError `MISSING` */
  async start(): Promise<void> {
    if (!(await this.#member.join(""))) throw this.#missing();
    await this.#reader.start();
  }

  async settle(batch: readonly Settlement[]): Promise<readonly SettleResult[]> {
    // What is not in hand is not ours.
    const mine = batch.filter((one): one is Mine => this.#hand.delete(one.delivery as Held));
    this.#reader.nudge();
    const results = await this.#settle(mine);
    if (mine.length === batch.length) return results;
    const byDelivery = new Map(mine.map(({ delivery }, index) => [delivery as Delivery, results[index]]));
    return batch.map(({ delivery }) => byDelivery.get(delivery) ?? "lost");
  }

  resize(flow: Flow): void {
    this.#hand.flow = flow;
    this.#reader.nudge();
  }

  pulse(): { readonly answeredAt: number; readonly shards: number | undefined } {
    return { answeredAt: this.#reader.answeredAt, shards: undefined };
  }

  async stop(): Promise<void> {
    if (this.#state === "open") this.#state = "stopped";
    await this.#reader.stop();
  }

  async close(): Promise<void> {
    if (this.#state === "closed") return;
    await this.stop();
    this.#state = "closed";
    const { context, settings } = this.#options.shared;
    const deadline = context.clock.now() + settings.commandTimeoutMs;
    const held = this.#hand.empty().map((delivery) => ({ delivery, outcome: "release" }) as const);
    try {
      await this.#apply(held, this.#member.name, deadline);
      await this.#member.leave(deadline);
    } catch {
      // Where Redis is away its lease runs out.
    }
    this.#member.lease.end();
    this.#options.closed(this);
    this.#end.resolve();
  }

  /** Keeps the lease. */
  async renew(client: Client): Promise<void> {
    const { name } = this.#member;
    const why = await this.#member.renew(client);
    if (why !== undefined) await this.#refused(name, why);
  }

  /** Looks for dead members of this inbox; says how much of them there is. */
  sweep(client: Client): Promise<number> {
    return this.#member.sweep(client);
  }

  #room(): Room {
    return this.#state === "open" ? this.#hand.room : { count: 0, bytes: 0, alone: false };
  }

  /** What was read is delivered as far as there is room by now; the rest goes back at once. */
  #took(name: string, held: readonly Held[]): void {
    // Of a lease that is over: they are others' by now.
    if (name !== this.#member.name || held.length === 0) return;
    // After a long turn of the event loop what has come is read before timers fire.
    if (this.#member.lease.isOver) return void this.#refused(name, "lost");
    const taken: Held[] = [];
    const surplus: Mine[] = [];
    for (const delivery of held) {
      if (this.#state === "open" && this.#hand.offer(delivery)) taken.push(delivery);
      else surplus.push({ delivery, outcome: "release" });
    }
    if (surplus.length > 0) void this.#giveBack(surplus, name);
    if (taken.length === 0) return;
    if (this.#hand.flow.settle === "first") void this.#deliverOnce(taken, name);
    else this.#options.sink.deliver(taken);
  }

  /** Until it is done, for nobody else would give them back while the lease lasts. */
  async #giveBack(surplus: readonly Mine[], name: string): Promise<void> {
    const { clock, backoff } = this.#options.shared.context;
    for (let attempt = 1; name === this.#member.name && this.#state !== "closed"; attempt += 1) {
      const results = await this.#apply(surplus, name);
      if (!results.some(isError)) return;
      await new Promise<void>((resolve) => void clock.after(backoff(attempt), resolve));
    }
  }

  /** Settles first, so that nothing is delivered twice (ACK-6). */
  async #deliverOnce(taken: readonly Held[], name: string): Promise<void> {
    const acks = taken.map((delivery) => ({ delivery, outcome: "ack", sends: [] }) as const);
    const results = await this.#apply(acks, name);
    const mine = taken.filter((delivery, index) => results[index] === "settled" && delivery.place >= 0);
    for (const [index, delivery] of taken.entries()) if (results[index] !== "settled") this.#hand.delete(delivery);
    if (mine.length > 0 && this.#state !== "closed") this.#options.sink.deliver(mine);
  }

  async #settle(mine: readonly Mine[]): Promise<readonly SettleResult[]> {
    if (this.#hand.flow.settle === "first") return sendAll(mine, this.#options.shared);
    const { name } = this.#member;
    const results = await this.#apply(mine, name);
    if (!results.some(isError)) return results;
    // One that cannot be settled must not keep back the others.
    if (mine.length > 1) return (await Promise.all(mine.map((one) => this.#settle([one])))).flat();
    // It is still ours, unless the lease is another by now.
    if (name !== this.#member.name) return ["lost"];
    for (const { delivery } of mine) this.#hand.add(delivery);
    return results;
  }

  async #apply(mine: readonly Mine[], name: string, deadline = Infinity): Promise<readonly SettleResult[]> {
    if (mine.length === 0) return [];
    this.#settling.add(mine);
    try {
      const { inbox, shared } = this.#options;
      const { said, results } = await settleAll(mine, {
        inbox,
        base: this.#base,
        keys: this.#keys,
        name,
        deadline,
        shared,
      });
      if (said !== "ok") void this.#refused(name, said);
      return results;
    } catch (thrown) {
      const error = thrown instanceof CallError ? thrown.error : toError(thrown);
      return mine.map(() => error);
    } finally {
      this.#settling.delete(mine);
    }
  }

  /** The last answer of an earlier connection may have brought messages that never came here. */
  async #connected(client: Client): Promise<void> {
    const { name } = this.#member;
    const settling = [...this.#settling].flatMap((batch) => batch.map(({ delivery }) => delivery));
    const known = [...this.#hand.all(), ...settling];
    const levels = this.#options.inbox.shape.priorities;
    this.#took(name, await recovered(client, { base: this.#base, levels, name, known }));
  }

  /** The server does not know us by this name, or not the inbox. Once for each name. */
  async #refused(name: string, why: "lost" | "gone"): Promise<void> {
    if (this.#mending !== undefined) return this.#mending;
    if (name !== this.#member.name || this.#state === "closed") return;
    // What fails is tried again when the reader hears that it is no member.
    const mending = this.#mend(why).catch(() => undefined);
    this.#mending = mending;
    await mending;
    this.#mending = undefined;
  }

  async #mend(why: "lost" | "gone"): Promise<void> {
    if (why === "gone" && (await this.#restore()) === "repaired") return;
    this.#lose(why === "gone" ? "its inbox is gone" : "it was not renewed in time");
    const before = this.#member.lease.rename();
    const isBack = await this.#restore();
    if (isBack === "gone" || !(await this.#member.join(before))) this.#abandon();
  }

  async #restore(): Promise<"there" | "repaired" | "restored" | "gone"> {
    const { inbox, shared } = this.#options;
    const isBack = await shared.ask((client) => shared.topology.restore(client, inbox));
    if (isBack === "repaired" || isBack === "restored") shared.context.report("position-lost", inbox);
    return isBack;
  }

  #lose(why: string): void {
    const lost = this.#hand.empty();
    if (lost.length === 0 || this.#state === "closed") return;
    const cause = new WaybillError("LEASE_LOST", `the lease of ${lost.length} message(s) is over: ${why}`);
    this.#options.sink.lost(lost, cause);
  }

  /** Its inbox was removed: it gets nothing more. */
  #abandon(): void {
    this.#state = "closed";
    this.#member.lease.end();
    void this.#reader.stop();
    this.#options.closed(this);
    this.#end.reject(this.#missing());
  }

  #missing(): WaybillError {
    const { source, group } = this.#options.inbox;
    return new WaybillError("MISSING", `group "${group}" of "${source}" was removed; subscribe again`);
  }
}

function isError(result: SettleResult): boolean {
  return typeof result === "object";
}
