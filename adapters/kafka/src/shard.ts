import { Fifo } from "@waybill/core";
import type { Commit, Fetched, StoredRecord } from "./driver.ts";
import type { Wanted } from "./fetcher.ts";
import type { Progress } from "./progress.ts";

export interface ShardOptions {
  readonly topic: string;
  readonly partition: number;
  /** Of priority; what comes from the lanes has its own. */
  readonly level: number;
  readonly source: string;
  /** Undefined for a partition of a topic or queue, else for how long (ms) what is in this one of the lanes stays there. */
  readonly stayMs: number | undefined;
  readonly birth: string;
  readonly progress: Progress;
}

/** What is finished when a commit is answered. */
export interface Leaving {
  readonly offset: number;
  readonly inHand: boolean;
}

const mostRecords = 1_000;
const mostBytes = 2 ** 20;
/** How many messages beyond those in hand may come into hands without another commit. */
const ahead = 256;
/** So many where members have died: what is named twice is handled alone, one by one. */
const aheadWithCare = 64;

/** One partition that is ours: what was fetched of it, what is in hand, and how far it is handled. */
export class Shard implements Wanted {
  readonly topic: string;
  readonly partition: number;
  readonly level: number;
  readonly source: string;
  readonly stayMs: number | undefined;
  readonly progress: Progress;
  /** Where the next fetch begins. */
  position: number;
  /** The offset behind the last record, as far as was heard; -1 before the first answer. */
  end = -1;
  fetching = false;
  hasMore = true;
  /** `lent`: it is another's, and says of what is in hand what becomes of it. */
  state: "open" | "draining" | "lent" | "gone" = "open";
  /** As whom we have lent what was in hand. */
  lender = "";
  /** How many were taken from it and are not finished: in hand, waiting, or on their way to somewhere else. */
  taken = 0;
  /** In a member's hands. */
  inHand = 0;
  /** Epoch ms, before which its first record must not go on. */
  blockedUntil = 0;
  /** The next commit is our last one. */
  letsGo = false;
  /** Whether it is written down what is lent: before, nobody would hear what becomes of it. */
  handedOver: Promise<boolean> = Promise.resolve(true);
  /** A commit is on its way, before which nothing more may come into hand. */
  isReserving = false;
  drained: Promise<void> | undefined;
  readonly birth: string;
  readonly #records = new Fifo<StoredRecord>();
  #bytes = 0;
  /** What was committed as possibly in hand, and what is to be. */
  #reserved = { from: 0, to: 0 };
  #wanted = { from: 0, to: 0 };

  constructor({ topic, partition, level, source, stayMs, birth, progress }: ShardOptions) {
    this.topic = topic;
    this.partition = partition;
    this.level = level;
    this.source = source;
    this.stayMs = stayMs;
    this.progress = progress;
    this.position = progress.base;
    this.birth = birth;
  }

  get wantsMore(): boolean {
    return this.state === "open" && this.#records.length < mostRecords && this.#bytes < mostBytes;
  }

  /** Whether all there was at the last answer was fetched. */
  get isCaughtUp(): boolean {
    return this.end >= 0 && this.position >= this.end && this.#records.length === 0;
  }

  took({ records, next, end }: Fetched): void {
    this.end = Math.max(this.end, end);
    // Of what should be there and did not come it is waited for more.
    this.hasMore = next > this.position && next < end;
    let at = this.position;
    for (const record of records) {
      if (record.offset < at) continue;
      // Offsets between are no messages: markers, or what compaction has removed.
      if (record.offset > at) this.progress.finishAll(at, record.offset);
      at = record.offset + 1;
      if (this.progress.isDone(record.offset)) continue;
      this.#records.push(record);
      this.#bytes += bytesOf(record);
    }
    if (next > at) this.progress.finishAll(at, next);
    this.position = Math.max(this.position, next);
  }

  peek(): StoredRecord | undefined {
    return this.state === "open" ? this.#records.peek() : undefined;
  }

  shift(): void {
    const record = this.#records.shift();
    if (record !== undefined) this.#bytes -= bytesOf(record);
  }

  /** Whether this offset may come into hand now; if not, a commit has to say so first. */
  isReserved(offset: number): boolean {
    return this.#reserved.from <= offset && offset < this.#reserved.to;
  }

  /** Whether the next commit should say that more may come into hand. */
  get isShort(): boolean {
    return this.state === "open" && this.#next > this.#wanted.to - this.#ahead / 2;
  }

  /** The next ones. */
  reserve(): void {
    this.#wanted = { from: this.progress.base, to: this.#next + this.#ahead };
  }

  get #ahead(): number {
    return this.progress.hasCrashes ? aheadWithCare : ahead;
  }

  get #next(): number {
    return this.#records.peek()?.offset ?? this.position;
  }

  /** This one alone. */
  reserveOnly(offset: number): void {
    this.#wanted = { from: offset, to: offset + 1 };
  }

  /** Nothing more; what is in hand by now stays named. */
  reserveNothing(): void {
    this.#wanted = this.inHand === 0 ? { from: 0, to: 0 } : this.#reserved;
  }

  /** As it is, or would be with what leaves it by the same commit; `by`: as whom we have transactions. */
  commit(leaving: readonly Leaving[] = [], by?: string): { readonly commit: Commit; readonly done: () => void } {
    const wanted = this.#wanted;
    const { topic, partition } = this;
    const progress = leaving.length === 0 ? this.progress : this.progress.with(leaving.map(({ offset }) => offset));
    const inHand = this.inHand - leaving.filter((one) => one.inHand).length;
    const metadata = progress.write(this.birth, { hands: wanted, inHand, by: this.letsGo ? undefined : by });
    // Before it is answered neither the old nor the new one may be counted on, but for what is in both.
    const both = { from: Math.max(wanted.from, this.#reserved.from), to: Math.min(wanted.to, this.#reserved.to) };
    this.#reserved = both;
    return { commit: { topic, partition, offset: progress.base, metadata }, done: () => (this.#reserved = wanted) };
  }

  /** Begins anew at an offset; what was fetched is gone. */
  moveTo(offset: number): void {
    this.#records.drain();
    this.#bytes = 0;
    this.position = offset;
    this.hasMore = true;
    this.progress.finishAll(this.progress.base, offset);
  }
}

function bytesOf({ key, value }: StoredRecord): number {
  return 100 + (key?.length ?? 0) + (value?.length ?? 0);
}
