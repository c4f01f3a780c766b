import { type Backoff, type Clock, type SendResult, WaybillError, type WireMessage } from "@waybill/core";
import type { Cluster } from "./cluster.ts";
import type { NewRecord, Producer, Session } from "./driver.ts";
import { toError } from "./errors.ts";
import { type Call, PartitionLane } from "./partition-lane.ts";
import { partitionOf } from "./partitioner.ts";
import { tierOf } from "./tiers.ts";
import type { Routed } from "./transactor.ts";
import type { Watch } from "./watch.ts";
import { type Counts, recordOf } from "./wire.ts";

/** Where a message goes, as a topic. */
export type Target =
  /** A topic or queue: by the key, or wherever there is room. One topic for each level of priority, the lowest first. */
  | { readonly kind: "source"; readonly topics: readonly string[] }
  /** An inbox's lanes: in an ordered one by the key, else by how long it has to wait. */
  | { readonly kind: "lanes"; readonly topic: string; readonly ordered: boolean; readonly ephemeral: boolean }
  /** The dead letters, under a key of their own. */
  | { readonly kind: "dead"; readonly topic: string };

export interface Outgoing {
  readonly message: WireMessage;
  readonly counts?: Counts | undefined;
}

interface Options {
  readonly session: Session;
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly random: () => number;
  readonly backoff: Backoff;
  readonly watch: Watch;
  readonly maxMessageBytes: number;
}

interface Routing {
  readonly now: number;
  /** How many partitions each topic has. */
  readonly counts: ReadonlyMap<string, number>;
  /** Where what goes anywhere does. */
  readonly loose: (topic: string, partitions: number) => number;
}

/** So many messages are not worth a batch for each partition. */
const fewest = 50;

/** Stores messages, each partition in its own order. */
export class Outbox {
  readonly #options: Options;
  readonly #lanes = new Map<string, PartitionLane>();
  /** Where this publisher puts what has no key and must not be spread. */
  readonly #own: number;
  #producer: Promise<Producer> | undefined;
  #turn = 0;

  constructor(options: Options) {
    this.#options = options;
    this.#own = Math.floor(options.random() * 1_000);
  }

  /** Gets what the first publish would wait for. */
  prepare(): void {
    void this.#name(false).catch(() => undefined);
  }

  /** One result each, in order. Never rejects, and settles by `deadline` (epoch ms). */
  async send(target: Target, outgoing: readonly Outgoing[], deadline: number): Promise<readonly SendResult[]> {
    const { clock } = this.#options;
    const results = Array.from<SendResult | undefined>({ length: outgoing.length });
    let [left, isLate] = [outgoing.length, false];
    const { promise, resolve } = Promise.withResolvers<void>();
    if (left === 0) return [];
    const cancel = clock.after(deadline - clock.now(), () => {
      isLate = true;
      resolve();
    });
    const answered = (index: number, result: SendResult): void => {
      if (isLate || results[index] !== undefined) return;
      results[index] = result;
      left -= 1;
      if (left === 0) resolve();
    };
    try {
      await this.#enqueue(target, outgoing, deadline, answered);
    } catch (error) {
      const refused = { outcome: "refused", error: toError(error, "to publish") } as const;
      for (const index of outgoing.keys()) answered(index, refused);
    }
    await promise;
    cancel();
    return results.map((result) => result ?? late);
  }

  /** Stores one record under a key of its own. @throws WaybillError */
  async write(topic: string, record: NewRecord, deadline: number): Promise<SendResult> {
    const { promise, resolve } = Promise.withResolvers<SendResult>();
    const cancel = this.#options.clock.after(deadline - this.#options.clock.now(), () => resolve(late));
    this.#lane(topic, 0).push({ record, call: { deadline, isBroken: false }, answer: resolve });
    return promise.finally(cancel);
  }

  /** The record of a message, and where it goes; `turn`: where what goes anywhere does. @throws WaybillError `NO_ROUTE` */
  async route(target: Target, outgoing: Outgoing, turn: number): Promise<Routed> {
    const counts = await this.#partitions(target);
    const loose = (_: string, partitions: number): number => (this.#own + turn) % partitions;
    return this.#routed(target, outgoing, { now: this.#options.clock.now(), counts, loose });
  }

  async #enqueue(
    target: Target,
    outgoing: readonly Outgoing[],
    deadline: number,
    answered: (index: number, result: SendResult) => void,
  ): Promise<void> {
    const counts = await this.#partitions(target);
    const calls = new Map<PartitionLane, Call>();
    const at = { now: this.#options.clock.now(), counts, loose: this.#spreading(outgoing.length) };
    for (const [index, one] of outgoing.entries()) {
      const { topic, partition, record } = this.#routed(target, one, at);
      const lane = this.#lane(topic, partition);
      let call = calls.get(lane);
      if (call === undefined) calls.set(lane, (call = { deadline, isBroken: false }));
      lane.push({ record, call, answer: (result) => answered(index, result) });
    }
  }

  #routed(target: Target, { message, counts: moved }: Outgoing, { now, counts, loose }: Routing): Routed {
    const topic = topicOf(target, message);
    const partitions = counts.get(topic) ?? 1;
    const letterKey = target.kind === "dead" ? letterKeyOf(message, moved) : undefined;
    const record = recordOf(message, now, { counts: moved, source: target.kind !== "source", as: letterKey });
    let partition: number;
    if (target.kind === "dead") partition = 0;
    else if (target.kind === "lanes" && !target.ordered)
      partition = Math.min(tierOf((message.deliverAt ?? 0) - now, target), partitions - 1);
    else if (record.key !== undefined) partition = partitionOf(record.key, partitions);
    // What has priorities is in the order it was published only within a partition.
    else if (target.kind === "source" && target.topics.length > 1) partition = this.#own % partitions;
    else partition = loose(topic, partitions);
    return { topic, partition, record };
  }

  /** How many partitions each of the target's topics has. @throws WaybillError `NO_ROUTE` */
  async #partitions(target: Target): Promise<ReadonlyMap<string, number>> {
    const counts = new Map<string, number>();
    for (const topic of target.kind === "source" ? target.topics : [target.topic]) {
      const there = await this.#options.cluster.partitionsOf(topic);
      if (there === undefined)
        throw new WaybillError("NO_ROUTE", `kafka: the topic ${topic} is not there; it was never declared, or removed`);
      counts.set(topic, there.length);
    }
    return counts;
  }

  #name(own: boolean): Promise<Producer> {
    const { session } = this.#options;
    if (own) return session.producer();
    this.#producer ??= session.producer().catch((error: unknown) => {
      this.#producer = undefined;
      throw error;
    });
    return this.#producer;
  }

  /**
   * Where each of so many messages without keys goes: a run of them together, the next one elsewhere, but not where something is under
   * way if that can be helped, since fewer and larger batches cost less. No partition gets much more than its part, or a member that
   * has it would have all the work.
   */
  #spreading(count: number): (topic: string, partitions: number) => number {
    let [rest, left, at] = [count, 0, 0];
    return (topic, partitions) => {
      if (left === 0) {
        const most = Math.max(Math.ceil(count / partitions), fewest);
        left = Math.min(Math.ceil(rest / Math.max(this.#idle(topic, partitions), 1)), most);
        rest -= left;
        at = this.#idlest(topic, partitions);
      }
      left -= 1;
      return at;
    };
  }

  /** How many partitions have nothing under way. */
  #idle(topic: string, partitions: number): number {
    let count = 0;
    for (let partition = 0; partition < partitions; partition += 1)
      if (this.#lanes.get(`${topic}/${partition}`)?.isIdle !== false) count += 1;
    return count;
  }

  #idlest(topic: string, partitions: number): number {
    this.#turn += 1;
    let [best, least] = [this.#turn % partitions, Infinity];
    for (let step = 0; step < partitions; step += 1) {
      const partition = (this.#turn + step) % partitions;
      const lane = this.#lanes.get(`${topic}/${partition}`);
      if (lane === undefined || lane.isIdle) return partition;
      if (lane.length < least) [best, least] = [partition, lane.length];
    }
    return best;
  }

  #lane(topic: string, partition: number): PartitionLane {
    const key = `${topic}/${partition}`;
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      const { maxMessageBytes, session, cluster, clock, backoff, watch } = this.#options;
      lane = new PartitionLane({
        producer: (own) => this.#name(own),
        session,
        cluster,
        clock,
        backoff,
        watch,
        topic,
        partition,
        maxBytes: maxMessageBytes - 1_000,
      });
      this.#lanes.set(key, lane);
    }
    return lane;
  }
}

const late: SendResult = {
  outcome: "unknown",
  error: new WaybillError("UNAVAILABLE", "kafka: there was no answer in time"),
};

function topicOf(target: Target, { priority }: WireMessage): string {
  if (target.kind !== "source") return target.topic;
  return target.topics[Math.min(priority, target.topics.length - 1)] ?? "";
}

/** One id is one letter of each life, however often it dies in it. */
function letterKeyOf({ id }: WireMessage, counts: Counts | undefined): string {
  return `${id}~${counts?.life ?? 0}`;
}
