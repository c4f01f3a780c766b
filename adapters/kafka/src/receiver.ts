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
} from "@waybill/core";
import { Committer } from "./committer.ts";
import { isUnreachable, toError } from "./errors.ts";
import type { Partition } from "./driver.ts";
import { every } from "./every.ts";
import { Fetcher } from "./fetcher.ts";
import { Membership } from "./membership.ts";
import { lenderOf } from "./progress.ts";
import { Pump } from "./pump.ts";
import type { Born, InboxEntry } from "./registry-entry.ts";
import { RoomWatch } from "./room-watch.ts";
import type { Mine } from "./settlements.ts";
import type { Shard } from "./shard.ts";
import type { Shared } from "./shared.ts";
import { Tenure } from "./tenure.ts";
import { transactorOf } from "./transactor-of.ts";
import { within } from "./within.ts";

export interface ReceiverOptions {
  readonly inbox: Inbox;
  readonly entry: Born<InboxEntry>;
  readonly flow: Flow;
  readonly sink: Sink;
  readonly shared: Shared;
  readonly closed: (receiver: KafkaReceiver) => void;
}

/** One member of an inbox: a member of its consumer group, with what it has in hand. */
export class KafkaReceiver implements Receiver {
  readonly ended: Promise<void>;
  readonly #options: ReceiverOptions;
  readonly #tenure: Tenure;
  readonly #pump: Pump;
  readonly #committer: Committer;
  readonly #membership: Membership;
  readonly #fetcher: Fetcher;
  readonly #room: RoomWatch;
  readonly #end = Promise.withResolvers<void>();
  /** Settlements that are under way. */
  readonly #settling = new Set<Promise<unknown>>();
  #state: "open" | "stopped" | "closed" = "open";
  #answeredAt: number;
  #unlisten: () => void = () => undefined;
  #growth: Cancel | undefined;
  #topics = "";
  #others = 0;

  constructor(options: ReceiverOptions) {
    const { inbox, shared, flow, sink } = options;
    const { settings, context, cluster, driver } = shared;
    this.#options = options;
    this.#answeredAt = context.clock.now();
    this.#tenure = new Tenure(
      {
        inbox,
        shared,
        committer: () => this.#committer,
        pump: () => this.#pump,
        lender: () => lenderOf(this.#membership.member),
        changed: () => this.#pump.wake(),
      },
      options.entry,
    );
    this.#membership = new Membership({
      group: this.#tenure.group,
      session: driver.session(settings.requestTimeoutMs + 2 * settings.leaseMs),
      side: shared.session,
      cluster,
      context,
      leaseMs: settings.leaseMs,
      rebalanceMs: 2 * settings.leaseMs,
      owner: {
        topics: () => this.#tenure.topics(),
        units: () => this.#tenure.units(),
        owned: () => this.#tenure.owned(),
        isFull: () => this.#room.isStuck || this.#state !== "open",
        assigned: (partitions, members) => this.#assigned(partitions, members),
        lost: (cause) => this.#tenure.lost(cause),
        failed: (error) => this.#failed(error),
        alive: () => this.#alive(),
      },
    });
    this.#committer = new Committer({
      shared,
      transactor: transactorOf(shared, inbox),
      member: () => this.#membership.member,
      committed: () => this.#alive(),
      failing: (error) => this.#failed(toError(error, "to commit"), isUnreachable(error)),
      unsure: () => {
        this.#tenure.lost(new WaybillError("LEASE_LOST", "kafka: it is not known whether a transaction was committed"));
        this.#membership.rejoin();
      },
    });
    this.#pump = new Pump({
      inbox,
      flow,
      sink,
      shared,
      committer: this.#committer,
      shards: () => this.#tenure.shards,
      isOpen: () => this.#state === "open" && !this.#membership.isOver,
      pumped: () => this.#fetcher.nudge(),
      failed: (error) => this.#failed(error, false),
    });
    this.#fetcher = new Fetcher({
      watching: driver.session(settings.requestTimeoutMs + settings.waitMs),
      asking: driver.session(settings.requestTimeoutMs),
      cluster,
      clock: context.clock,
      waitMs: settings.waitMs,
      wanted: () => this.#wanted(),
      took: (wanted, fetched) => this.#took(wanted as Shard, fetched),
      answered: () => {
        this.#alive();
        this.#pump.wake();
      },
      gone: (topic) =>
        this.#giveUp(new WaybillError("MISSING", `kafka: the topic ${topic} was removed, though not by Waybill`)),
      failed: (error) => this.#failed(error),
    });
    this.#room = new RoomWatch({
      clock: context.clock,
      isFull: () => this.#state === "open" && this.#pump.isFull,
      hasWaiting: () => this.#tenure.hasWaiting(),
      changed: () => (this.#others > 0 ? this.#membership.rejoin() : undefined),
    });
    this.ended = this.#end.promise;
    // Nobody has to look.
    this.ended.catch(() => undefined);
  }

  get address(): string {
    return addressOf(this.#options.inbox);
  }

  /** What it has of each partition, for who counts. */
  get shards(): readonly Shard[] {
    return this.#tenure.shards;
  }

  /** Writes down how far it is; not for long. */
  async flush(): Promise<void> {
    const { context, settings } = this.#options.shared;
    await within(context.clock, settings.requestTimeoutMs / 4, this.#committer.flush());
  }

  async start(): Promise<void> {
    const { shared } = this.#options;
    this.#unlisten = shared.registry.listen(() => this.#changed());
    this.#topics = this.#tenure.topics().join("\n");
    await this.#tenure.hasGrown();
    await this.#membership.start();
    this.#growth = every(shared.context.clock, shared.settings.refreshMs, async () => {
      if (await this.#tenure.hasGrown()) this.#membership.rejoin();
    });
    this.#room.start();
  }

  async settle(batch: readonly Settlement[]): Promise<readonly SettleResult[]> {
    const results: SettleResult[] = [];
    const later: Promise<void>[] = [];
    for (const [index, settlement] of batch.entries()) {
      const mine = settlement as Mine;
      if (!this.#pump.hand.delete(mine.delivery)) {
        results[index] = "lost";
        continue;
      }
      const result = this.#pump.hand.flow.settle === "first" ? undefined : this.#pump.settlements.now(mine);
      if (result !== undefined) results[index] = result;
      else later.push(this.#settle(mine).then((settled) => void (results[index] = settled)));
    }
    this.#room.moved();
    this.#pump.wake();
    if (later.length > 0) {
      const all = Promise.all(later);
      this.#settling.add(all);
      await all;
      this.#settling.delete(all);
      this.#pump.wake();
    }
    return results;
  }

  resize(flow: Flow): void {
    this.#pump.hand.flow = flow;
    this.#pump.wake();
  }

  pulse(): { readonly answeredAt: number; readonly shards: number | undefined } {
    return {
      answeredAt: this.#answeredAt,
      shards: this.#tenure.shards.filter(({ stayMs }) => stayMs === undefined).length,
    };
  }

  async stop(): Promise<void> {
    if (this.#state !== "open") return;
    this.#state = "stopped";
    // What was not started is for the others, at once.
    if (this.#others > 0) this.#membership.rejoin();
  }

  async close(): Promise<void> {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#unlisten();
    this.#growth?.();
    this.#room.stop();
    const { shared } = this.#options;
    const left = Promise.allSettled(this.#settling).then(() => this.#tenure.close());
    await within(shared.context.clock, shared.settings.requestTimeoutMs, Promise.all([this.#pump.close(), left]));
    this.#committer.close();
    await Promise.all([this.#fetcher.close(), this.#membership.close()]);
    if (this.#options.inbox.ephemeral) await shared.topology.removeInbox(this.#tenure.entry).catch(() => undefined);
    this.#options.closed(this);
    this.#end.resolve();
  }

  async #settle(mine: Mine): Promise<SettleResult> {
    if (this.#pump.hand.flow.settle === "first") return this.#pump.settlements.effects(mine);
    const result = await this.#pump.settlements.later(mine);
    if (!(result instanceof WaybillError)) return result;
    if (mine.delivery.shard.state === "gone") return "lost";
    // It is still ours.
    this.#pump.hand.add(mine.delivery);
    return result;
  }

  #wanted(): readonly Shard[] {
    const open = this.#tenure.shards.filter((shard) => shard.wantsMore);
    return this.#options.inbox.shape.priorities === 1 ? open : open.toSorted((one, other) => other.level - one.level);
  }

  #took(shard: Shard, fetched: Parameters<Shard["took"]>[0]): void {
    if (shard.state === "gone") return;
    if (fetched.error === undefined) {
      const { base } = shard.progress;
      shard.took(fetched);
      if (shard.progress.base > base) this.#committer.touch(shard);
    } else if (fetched.error === "OFFSET_OUT_OF_RANGE") {
      shard.fetching = true;
      void this.#tenure
        .mend(shard)
        .catch((error: unknown) => this.#failed(toError(error, "to find where to go on")))
        .finally(() => (shard.fetching = false));
    }
  }

  #giveUp(error: WaybillError): void {
    this.#tenure.lost(error);
    this.#end.reject(error);
  }

  #changed(): void {
    const { inbox, shared } = this.#options;
    const entry = shared.registry.inbox(inbox);
    if (entry === undefined) {
      this.#giveUp(new WaybillError("MISSING", `kafka: group "${inbox.group}" of "${inbox.source}" was removed`));
      return;
    }
    if (entry.birth !== this.#tenure.entry.birth) {
      this.#tenure.lost(new WaybillError("LEASE_LOST", "kafka: the group was moved to another place"));
      this.#tenure.renew(entry);
      this.#membership.rejoin();
    }
    this.#tenure.takeNote();
    const topics = this.#tenure.topics().join("\n");
    if (topics !== this.#topics) this.#membership.rejoin();
    this.#topics = topics;
  }

  #assigned(partitions: readonly Partition[], members: ReadonlySet<string>): Promise<boolean> {
    this.#others = Math.max(members.size - 1, 0);
    return this.#tenure.assigned(partitions, members);
  }

  #alive(): void {
    this.#answeredAt = this.#options.shared.context.clock.now();
    this.#options.shared.watch.worked();
  }

  #failed(error: WaybillError, isUnreachableNow = true): void {
    const { watch, context } = this.#options.shared;
    if (this.#state === "closed") return;
    if (error.transient && isUnreachableNow) watch.failed(error);
    else context.report("settle-failed", this.#options.inbox, error);
  }
}
