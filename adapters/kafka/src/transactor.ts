import type { Clock } from "@waybill/core";
import { keyOf } from "./assignor.ts";
import type { Cluster } from "./cluster.ts";
import type { Commit, Member, NewRecord, Partition, Producer, Session, Transactional, Transactions } from "./driver.ts";
import { coordinatorReasons, isAnswer, isUnreachable, movedReasons } from "./errors.ts";
import { transactionalId } from "./transactional-id.ts";
import { sizeOf } from "./wire.ts";

/** A record and its place. */
export interface Routed extends Partition {
  readonly record: NewRecord;
}

/** What is done in one step. */
export interface Work {
  /** Whose it is: whoever else begins as the same one fences it off. */
  readonly by: string;
  readonly records: readonly Routed[];
  /** What is written down for a group, by one of its members. */
  readonly group?: { readonly member: Member; readonly commits: readonly Commit[] };
}

interface Options {
  readonly group: string;
  /** A commit of it that says nothing. */
  readonly fence: Commit;
  /** Requests on one connection are answered one after the other, so what goes side by side has sessions of its own. */
  readonly sessions: { readonly records: Session; readonly steps: Session };
  readonly transactions: Transactions;
  readonly cluster: Cluster;
  readonly clock: Clock;
  /** After so long a broker gives up what was begun and not ended, ms. */
  readonly timeoutMs: number;
  /** So long it is waited for a broker that is not ready, ms. */
  readonly patienceMs: number;
  readonly maxBytes: number;
}

/** It was to be committed, and nobody can say any more whether it was. */
export class OutcomeUnknown extends Error {}

const mostRecords = 2_000;
/** How long after the end of one the next cannot begin, about, ms. */
const shortMs = 2;
const longMs = 100;
const lastSequence = 2 ** 31 - 1;

/** Stores records and commits offsets in one step, one transaction after the other. */
export class Transactor {
  readonly #options: Options;
  /** Of each partition, what its next record is numbered. */
  readonly #sequences = new Map<string, number>();
  #id = "";
  #producer: Producer | undefined;
  #node: number | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(options: Options) {
    this.#options = options;
  }

  /**
   * Resolves when all of it is done, and rejects when nothing of it is, and never will be.
   * @throws OutcomeUnknown where it cannot be told
   */
  run(work: Work): Promise<void> {
    const running = this.#last.catch(() => undefined).then(() => this.#run(work));
    this.#last = running;
    return running;
  }

  /** What is under way is not waited for. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const { records, steps } = this.#options.sessions;
    await Promise.all([records.close(), steps.close()]);
  }

  async #run({ by, records, group }: Work): Promise<void> {
    const id = transactionalId(this.#options.group, by);
    if (id !== this.#id) [this.#id, this.#producer, this.#node] = [id, undefined, undefined];
    const of = await this.#begin();
    const batches = batchesOf(records, this.#options.maxBytes);
    try {
      const partitions = [...new Map(records.map((one) => [keyOf(one), one])).values()];
      await this.#step((node) => this.#options.transactions.addPartitions(node, of, partitions));
      await all([this.#store(of, batches), ...(group === undefined ? [] : [this.#commit(of, group)])]);
    } catch (error) {
      for (const { topic } of records) this.#looked(topic, error);
      await this.#giveUp();
      throw error;
    }
    await this.#end(of);
  }

  async #begin(): Promise<Transactional> {
    const { transactions, timeoutMs } = this.#options;
    const id = this.#id;
    if (this.#producer !== undefined) return { id, producer: this.#producer };
    const producer = await this.#step((node) => transactions.begin(node, id, timeoutMs));
    this.#sequences.clear();
    this.#producer = producer;
    return { id, producer };
  }

  /** Under a new name, by which the old one is fenced off. */
  async #giveUp(): Promise<void> {
    this.#producer = undefined;
    // Where it cannot be said now, it is before the next one.
    if (!this.#isClosed) await this.#begin().catch(() => undefined);
  }

  async #store(of: Transactional, batches: readonly Batch[]): Promise<void> {
    const last = new Map<string, Promise<void>>();
    for (const batch of batches) {
      const key = keyOf(batch.to);
      const before = last.get(key) ?? Promise.resolve();
      last.set(
        key,
        before.then(() => this.#storeOne(of, batch)),
      );
    }
    await all([...last.values()]);
  }

  async #storeOne({ id, producer }: Transactional, { to, records }: Batch): Promise<void> {
    const { cluster, sessions } = this.#options;
    const node = await cluster.leaderOf(to.topic, to.partition);
    const sequence = this.#sequences.get(keyOf(to)) ?? 0;
    await sessions.records.produce(node, to, records, { producer, sequence, transaction: id });
    const next = sequence + records.length;
    this.#sequences.set(keyOf(to), next > lastSequence ? next - lastSequence - 1 : next);
  }

  async #commit(of: Transactional, { member, commits }: NonNullable<Work["group"]>): Promise<void> {
    const { cluster, transactions, fence } = this.#options;
    // Without a commit nobody would look whether it still is a member.
    const all = commits.length > 0 ? commits : [fence];
    await this.#step((node) => transactions.addGroup(node, of, member.group));
    await cluster.atCoordinator(member.group, (node) => transactions.commit(node, of, member, all));
  }

  /** Asked for until there is an answer: what was done without our hearing of it is done, and asked for again stays done. */
  async #end(of: Transactional): Promise<void> {
    let mayBeDone = false;
    for (let pauseMs = shortMs; ; pauseMs = Math.min(2 * pauseMs, longMs)) {
      try {
        return await this.#atCoordinator((node) => this.#options.transactions.end(node, of, "commit"));
      } catch (error) {
        const passes = isAnswer(error, busy, ...coordinatorReasons) || isUnreachable(error);
        if (!passes || this.#isClosed) {
          await this.#giveUp();
          throw mayBeDone || passes
            ? new OutcomeUnknown("it is not known what was committed", { cause: error })
            : error;
        }
        mayBeDone = true;
      }
      await this.#sleep(pauseMs);
    }
  }

  /** Asks whoever keeps the id, also while the end of the last transaction is being written down. */
  async #step<T>(work: (node: number) => Promise<T>): Promise<T> {
    const { clock, patienceMs } = this.#options;
    const deadline = clock.now() + patienceMs;
    for (let pauseMs = shortMs; ; pauseMs = Math.min(1.5 * pauseMs, longMs)) {
      try {
        return await this.#atCoordinator(work);
      } catch (error) {
        if (!isAnswer(error, busy, ...coordinatorReasons) || clock.now() >= deadline || this.#isClosed) throw error;
      }
      await this.#sleep(pauseMs);
    }
  }

  async #atCoordinator<T>(work: (node: number) => Promise<T>): Promise<T> {
    try {
      this.#node ??= await this.#options.transactions.coordinator(this.#id);
      return await work(this.#node);
    } catch (error) {
      if (isAnswer(error, ...coordinatorReasons) || isUnreachable(error)) this.#node = undefined;
      throw error;
    }
  }

  #looked(topic: string, error: unknown): void {
    if (isUnreachable(error) || isAnswer(error, ...movedReasons)) this.#options.cluster.forget(topic);
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#options.clock.after(ms, resolve));
  }
}

/** The last transaction is being ended. */
const busy = "CONCURRENT_TRANSACTIONS";

interface Batch {
  readonly to: Partition;
  readonly records: NewRecord[];
}

/** Those of one partition together, in order, as many as one request may have. */
function batchesOf(records: readonly Routed[], maxBytes: number): readonly Batch[] {
  const batches: Batch[] = [];
  const open = new Map<string, { readonly batch: Batch; bytes: number }>();
  for (const one of records) {
    const size = sizeOf(one.record);
    let last = open.get(keyOf(one));
    if (last === undefined || last.batch.records.length >= mostRecords || last.bytes + size > maxBytes) {
      last = { batch: { to: one, records: [] }, bytes: 0 };
      open.set(keyOf(one), last);
      batches.push(last.batch);
    }
    last.batch.records.push(one.record);
    last.bytes += size;
  }
  return batches;
}

/** Waits for all, also where one fails: nothing goes on beside what comes then. */
async function all(works: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(works)) if (result.status === "rejected") throw result.reason;
}
