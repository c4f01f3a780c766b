import { type Inbox, WaybillError } from "@waybill/core";
import { keyOf, type Unit } from "./assignor.ts";
import type { Committer } from "./committer.ts";
import type { Partition } from "./driver.ts";
import { commitsExpired, positionLost } from "./errors.ts";
import { fenceOff } from "./fence-off.ts";
import { handOver } from "./handover.ts";
import { groupId, laneTopic } from "./names.ts";
import { memberOf, Progress } from "./progress.ts";
import type { Pump } from "./pump.ts";
import type { Born, InboxEntry } from "./registry-entry.ts";
import { Shard } from "./shard.ts";
import type { Shared } from "./shared.ts";
import { standingIn } from "./standing.ts";
import { tiersOf } from "./tiers.ts";

interface Options {
  readonly inbox: Inbox;
  readonly shared: Shared;
  readonly committer: () => Committer;
  readonly pump: () => Pump;
  /** As whom it lends what it has in hand, to be told from all other times. */
  readonly lender: () => string | undefined;
  readonly changed: () => void;
}

/** Which partitions are ours: takes them up where the group has come to, and lets go of them when nothing of them is in hand. */
export class Tenure {
  readonly #options: Options;
  readonly #shards = new Map<string, Shard>();
  readonly #lanes: string;
  #all: readonly Shard[] = [];
  #entry: Born<InboxEntry>;
  #epoch = 0;
  /** What is to be ours, and who is there, by what was heard last. */
  #assigned: ReadonlyMap<string, Partition> = new Map();
  #members: ReadonlySet<string> = new Set();
  #adding: Promise<void> = Promise.resolve();
  #partitions = -1;

  constructor(options: Options, entry: Born<InboxEntry>) {
    this.#options = options;
    this.#entry = entry;
    this.#lanes = laneTopic(options.shared.context.namespace, options.inbox);
  }

  get entry(): Born<InboxEntry> {
    return this.#entry;
  }

  get shards(): readonly Shard[] {
    return this.#all;
  }

  get group(): string {
    return groupId(this.#options.shared.context.namespace, this.#options.inbox);
  }

  topics(): readonly string[] {
    const { shared, inbox } = this.#options;
    return [...shared.topology.feedsOf(inbox).map(({ topic }) => topic), this.#lanes];
  }

  /** What it has, takes up or lets go of: none of it may be given to another yet. */
  owned(): readonly Partition[] {
    return [...new Map([...this.#assigned, ...this.#shards]).values()];
  }

  /** All that is to be shared out, by what is known now. */
  async units(): Promise<readonly (readonly Unit[])[]> {
    const { shared, inbox } = this.#options;
    await shared.registry.read();
    const topics = this.topics();
    const { topics: views } = await shared.cluster.refresh(topics);
    if (!inbox.ordered)
      return topics.map((topic) =>
        [...(views.get(topic) ?? []).keys()].map((partition) => ({ partitions: [{ topic, partition }] })),
      );
    // What of a key was redriven lies in the same place of another topic.
    const most = Math.max(0, ...[...views.values()].map(({ length }) => length));
    const units = Array.from({ length: most }, (_, partition) => ({
      partitions: topics
        .filter((topic) => partition < (views.get(topic)?.length ?? 0))
        .map((topic) => ({ topic, partition })),
    }));
    return [units];
  }

  /** Whether there are more partitions, or other topics, than at the last look. */
  async hasGrown(): Promise<boolean> {
    const counts = await Promise.all(this.topics().map((topic) => this.#options.shared.cluster.partitionsOf(topic)));
    const sum = counts.reduce((all, views) => all + (views?.length ?? 0), 0);
    const before = this.#partitions;
    this.#partitions = sum;
    return before >= 0 && before !== sum;
  }

  /** Whether something is there that is not in hand. */
  hasWaiting(): boolean {
    return this.#all.some((shard) => shard.peek() !== undefined || shard.taken > shard.inHand);
  }

  async assigned(partitions: readonly Partition[], members: ReadonlySet<string>): Promise<boolean> {
    const owned = this.owned();
    this.#assigned = new Map(partitions.map((one) => [keyOf(one), one]));
    this.#members = members;
    const isLess = owned.some((one) => !this.#assigned.has(keyOf(one)));
    const drains = this.#all.filter((one) => !this.#assigned.has(keyOf(one))).map((shard) => this.#drain(shard));
    const epoch = this.#epoch;
    this.#adding = this.#adding.catch(() => undefined).then(() => this.#add(partitions, epoch));
    const added = this.#adding.then(() => (epoch === this.#epoch ? this.#reclaim(epoch) : undefined));
    // What it has let go of must be told also where something else has failed, or nobody would get it.
    const [adding] = await Promise.allSettled([added, ...drains]);
    if (adding.status === "rejected") throw adding.reason;
    return isLess && epoch === this.#epoch;
  }

  /** Everything is others' now. */
  lost(cause: WaybillError): void {
    this.#epoch += 1;
    this.#assigned = new Map();
    for (const shard of this.#all) this.#remove(shard, cause);
    this.#options.pump().loseLent(cause);
  }

  /** Takes note of what others have returned of what they had in hand when it was theirs. */
  takeNote(): void {
    const { registry } = this.#options.shared;
    for (const entry of registry.returned(this.#entry.birth)) {
      const shard = this.#shards.get(keyOf(entry));
      if (shard === undefined || shard.state !== "open") continue;
      // What was said of it another time is of no account.
      if (shard.progress.lent.get(entry.offset) === entry.by)
        this.#options.pump().intake.returned(shard, entry.offset, entry.retry);
      // Until it is committed another may have to hear of it.
      void this.#options
        .committer()
        .commit(shard)
        .then((isDone) => (isDone ? registry.forget(entry) : undefined))
        .catch(() => undefined);
      this.#options.changed();
    }
  }

  /** What members had in hand that are gone comes again, but for what they have said of it before. */
  async #reclaim(epoch: number): Promise<void> {
    const gone = new Set(this.#all.flatMap(({ progress }) => progress.orphansOf(this.#members)));
    if (gone.size > 0) {
      await fenceOff(this.#options.inbox, gone, this.#options.shared);
      await this.#options.shared.registry.readAll();
      if (epoch !== this.#epoch) return;
      this.takeNote();
    }
    for (const shard of this.#all) {
      if (shard.state !== "open") continue;
      const lost = shard.progress.orphans(this.#members);
      for (const offset of lost) this.#options.pump().intake.returned(shard, offset, "died");
      if (lost.length > 0) this.#options.committer().touch(shard);
    }
    this.#options.changed();
  }

  /** Lets go of everything in peace. */
  async close(): Promise<void> {
    this.#epoch += 1;
    this.#assigned = new Map();
    await Promise.all(this.#all.map((shard) => this.#drain(shard, 0)));
  }

  /** The inbox was made anew, or moved: what is known of it is of before. */
  renew(entry: Born<InboxEntry>): void {
    this.#entry = entry;
  }

  /** Begins anew at the first record that is still there, since what was to come next is not. */
  async mend(shard: Shard): Promise<void> {
    const { shared, inbox } = this.#options;
    const [start] = await shared.topology.offsetsOf([shard], -2);
    if (start === undefined || shard.state !== "open") return;
    shared.context.report("position-lost", inbox, positionLost(shard, start.offset));
    if (start.offset >= shard.position) {
      shard.moveTo(start.offset);
      this.#options.committer().touch(shard);
      return;
    }
    // The topic was made anew: nothing that is known of it counts.
    this.#remove(shard, new WaybillError("LEASE_LOST", `kafka: the topic ${shard.topic} was made anew`));
    this.#put(shard, new Progress(start.offset));
    this.#options.changed();
  }

  async #add(partitions: readonly Partition[], epoch: number): Promise<void> {
    const added = partitions.filter((one) => !this.#shards.has(keyOf(one)));
    if (added.length === 0 || epoch !== this.#epoch) return;
    const { shared, inbox } = this.#options;
    const entry = this.#entry;
    const by = this.#options.lender();
    const own = by === undefined ? undefined : memberOf(by);
    const { progresses, isLost } = await standingIn(added, { shared, inbox, entry, own });
    const fresh = added.filter((_, index) => progresses[index] === undefined);
    const starts = new Map((await shared.topology.offsetsOf(fresh, -2)).map((one) => [keyOf(one), one.offset]));
    if (epoch !== this.#epoch || entry !== this.#entry) return;
    if (isLost) shared.context.report("position-lost", inbox, commitsExpired(this.group));
    for (const [index, one] of added.entries())
      // What was dealt out again while it was looked up may have been another's since.
      if (this.#assigned.get(keyOf(one)) === one)
        this.#put(this.#shapeOf(one), progresses[index] ?? new Progress(starts.get(keyOf(one)) ?? 0));
    this.takeNote();
    this.#options.changed();
    this.#begin(entry);
  }

  /** From the first commit on, no commits mean that they are lost. */
  #begin(entry: Born<InboxEntry>): void {
    const { shared, inbox } = this.#options;
    if (inbox.ephemeral || shared.registry.hasBegun(entry)) return;
    const [shard] = this.#all;
    if (shard === undefined) return;
    void this.#options
      .committer()
      .commit(shard)
      .then((isDone) => (isDone ? shared.registry.propose({ kind: "begun", of: entry.birth }) : undefined))
      .catch(() => undefined);
  }

  #shapeOf({ topic, partition }: Partition): Pick<Shard, "topic" | "partition" | "level" | "source" | "stayMs"> {
    const { shared, inbox } = this.#options;
    if (topic === this.#lanes)
      return {
        topic,
        partition,
        level: 0,
        source: inbox.source,
        stayMs: inbox.ordered ? 0 : (tiersOf(inbox)[partition] ?? 0),
      };
    const feed = shared.topology.feedsOf(inbox).find((one) => one.topic === topic);
    return { topic, partition, level: feed?.level ?? 0, source: feed?.source ?? inbox.source, stayMs: undefined };
  }

  #put(
    { topic, partition, level, source, stayMs }: Pick<Shard, "topic" | "partition" | "level" | "source" | "stayMs">,
    progress: Progress,
  ): void {
    const shard = new Shard({ topic, partition, level, source, stayMs, birth: this.#entry.birth, progress });
    this.#shards.set(keyOf(shard), shard);
    this.#all = [...this.#shards.values()];
    shard.reserve();
    shard.isReserving = true;
    void this.#options
      .committer()
      .commit(shard)
      .then(() => {
        shard.isReserving = false;
        this.#options.changed();
      });
  }

  /** Delivers no more of it, waits for what is in hand, writes down how far it is. */
  #drain(shard: Shard, patienceMs: number = this.#options.shared.settings.handoverMs): Promise<void> {
    shard.drained ??= this.#drainOnce(shard, patienceMs);
    return shard.drained;
  }

  async #drainOnce(shard: Shard, patienceMs: number): Promise<void> {
    const { shared, pump, committer, lender } = this.#options;
    const isOurs = (): boolean => this.#shards.get(keyOf(shard)) === shard;
    const { clock } = shared.context;
    const end = await handOver(shard, { pump: pump(), committer: committer(), lender, isOurs, clock, patienceMs });
    if (!isOurs()) return;
    if (end === "ended") return this.#remove(shard, tooLong);
    this.#shards.delete(keyOf(shard));
    this.#all = [...this.#shards.values()];
  }

  #remove(shard: Shard, cause: WaybillError): void {
    this.#shards.delete(keyOf(shard));
    this.#all = [...this.#shards.values()];
    const wasLent = shard.state === "lent";
    shard.state = "gone";
    this.#options.pump().intake.drop(shard);
    this.#options.pump().lose(shard, cause, wasLent);
  }
}

const tooLong = new WaybillError("LEASE_LOST", "kafka: it took longer than handoverMs to hand it over");
