import { type Headers, jsonIn } from "@waybill/core";
import type { Member } from "./driver.ts";

/** What a message that is retried in its place goes on with. */
export interface Retry {
  readonly failures: number;
  readonly deliveries: number;
  /** Epoch ms. */
  readonly dueAt: number;
  /** What is merged over its headers. */
  readonly note: Headers;
}

/** How far a group is in one partition, as it stands in the metadata of a commit. */
interface Written {
  /** Which birth of the inbox it is of. */
  readonly b: string;
  /** As whom whoever has it has transactions. */
  readonly t?: string;
  /** What may be in a member's hands: from, to. */
  readonly h?: readonly [number, number];
  /** What is finished above the offset: gaps and lengths in turn. */
  readonly d?: readonly number[];
  /** What was in the hands of members that died: from, to, how often. */
  readonly c?: readonly (readonly [number, number, number])[];
  /** What is in the hands of members that have let go of the partition, by who has lent it: offsets. */
  readonly l?: Readonly<Record<string, readonly number[]>>;
  /** How many are in hand. */
  readonly n?: number;
  /** What waits for its retry: offset, failures, deliveries, when it is due, its note. */
  readonly r?: readonly (readonly [number, number, number, number, Headers?])[];
}

type Range = { from: number; to: number };

interface Writer {
  /** What may be in hand from now on. */
  readonly hands: Range | undefined;
  readonly inHand: number;
  readonly by?: string | undefined;
}

/** What a broker keeps beside an offset, `offset.metadata.max.bytes`. */
const mostBytes = 4_096;
/** About what a retry takes without its note. */
const retryBytes = 48;

/**
 * How far one partition is handled: everything below `base`, and runs above it. Only `base` is what other readers of Kafka see; the rest
 * stands in the metadata of the same commit, so that one slow message does not bring back those behind it.
 */
export class Progress {
  readonly retries: Map<number, Retry> = new Map();
  /** Who has in hand what they got when the partition was theirs (`lenderOf`): they say when it is finished. */
  readonly lent: Map<number, string> = new Map();
  /** How many were in hand when it was written down. */
  inHand = 0;
  #base: number;
  /** In order, none touching another. */
  readonly #runs: Range[] = [];
  #crashes: (Range & { readonly times: number })[] = [];

  constructor(base: number) {
    this.#base = base;
  }

  get base(): number {
    return this.#base;
  }

  /** How many above `base` are finished. */
  get above(): number {
    return this.#runs.reduce((sum, { from, to }) => sum + to - from, 0);
  }

  /** Whether more can wait for a retry and still be written down. */
  get isFull(): boolean {
    return (this.retries.size + 1) * retryBytes + this.#runs.length * 8 > mostBytes - 400;
  }

  /** The same with these finished, too. */
  with(finished: readonly number[]): Progress {
    const progress = new Progress(this.#base);
    for (const { from, to } of this.#runs) progress.#runs.push({ from, to });
    progress.#crashes = [...this.#crashes];
    for (const [offset, retry] of this.retries) progress.retries.set(offset, retry);
    for (const [offset, member] of this.lent) progress.lent.set(offset, member);
    for (const offset of finished) progress.finish(offset);
    return progress;
  }

  isDone(offset: number): boolean {
    if (offset < this.#base) return true;
    const { index, inside } = this.#find(offset);
    return inside && index >= 0;
  }

  finish(offset: number): void {
    this.retries.delete(offset);
    this.lent.delete(offset);
    this.finishAll(offset, offset + 1);
  }

  /** Everything from `from` up to `to`, which is not among it. */
  finishAll(from: number, to: number): void {
    let [start, end] = [Math.max(from, this.#base), to];
    if (end <= start) return;
    let first = this.#runs.findLastIndex((run) => run.to < start) + 1;
    let count = 0;
    for (let run = this.#runs[first]; run !== undefined && run.from <= end; run = this.#runs[first + count]) {
      [start, end] = [Math.min(start, run.from), Math.max(end, run.to)];
      count += 1;
    }
    this.#runs.splice(first, count, { from: start, to: end });
    first = 0;
    const [lowest] = this.#runs;
    if (lowest === undefined || lowest.from > this.#base) return;
    this.#base = lowest.to;
    this.#runs.shift();
    this.#crashes = this.#crashes.filter((range) => range.to > this.#base);
  }

  /** Whether some that are not finished were in the hands of a member that died. */
  get hasCrashes(): boolean {
    return this.#crashes.length > 0;
  }

  /** How often it was in the hands of a member that died. */
  crashesOf(offset: number): number {
    let times = 0;
    for (const range of this.#crashes) if (range.from <= offset && offset < range.to) times += range.times;
    return times;
  }

  /** What is in the hands of others, who are none of these. */
  orphans(members: ReadonlySet<string>): readonly number[] {
    return [...this.lent].filter(([, lender]) => !members.has(memberOf(lender))).map(([offset]) => offset);
  }

  /** Whose hands those are. */
  orphansOf(members: ReadonlySet<string>): readonly string[] {
    return [...this.lent.values()].map(memberOf).filter((member) => !members.has(member));
  }

  /** Those in these hands were lost with their member. */
  crashed({ from, to }: Range): void {
    const start = Math.max(from, this.#base);
    if (to > start) this.#crashes.push({ from: start, to, times: 1 });
  }

  /** As the metadata of a commit. What does not fit is left out, notes first. */
  write(birth: string, { hands, inHand, by }: Writer): string {
    const retries = [...this.retries].filter(([offset]) => offset >= this.#base);
    const all = (withNotes: boolean, runs: number): string => {
      const written: Written = {
        b: birth,
        ...(by !== undefined && { t: by }),
        ...(hands !== undefined && hands.to > this.#base && { h: [Math.max(hands.from, this.#base), hands.to] }),
        ...(runs > 0 && this.#runs.length > 0 && { d: this.#gaps(runs) }),
        ...(this.#crashes.length > 0 && { c: merged(this.#crashes) }),
        ...(this.lent.size > 0 && { l: byLender(this.lent) }),
        ...(inHand > 0 && { n: inHand }),
        ...(retries.length > 0 && {
          r: retries.map(([offset, { failures, deliveries, dueAt, note }]) =>
            withNotes && Object.keys(note).length > 0
              ? ([offset, failures, deliveries, dueAt, note] as const)
              : ([offset, failures, deliveries, dueAt] as const),
          ),
        }),
      };
      return JSON.stringify(written);
    };
    for (const runs of [Infinity, 200, 50, 0])
      for (const withNotes of [true, false]) {
        const text = all(withNotes, runs);
        if (Buffer.byteLength(text) <= mostBytes) return text;
      }
    return JSON.stringify({ b: birth });
  }

  #gaps(most: number): readonly number[] {
    const numbers: number[] = [];
    let at = this.#base;
    for (const { from, to } of this.#runs.slice(0, most)) {
      numbers.push(from - at, to - from);
      at = to;
    }
    return numbers;
  }

  /** Which run it is in, if it is in one. */
  #find(offset: number): { readonly index: number; readonly inside: boolean } {
    const index = this.#runs.findLastIndex(({ from }) => from <= offset);
    const run = this.#runs[index];
    return { index, inside: run !== undefined && offset < run.to };
  }
}

/** Under which name a member lends: another one each time, so that nobody hears of the last time what is said of this one. */
export function lenderOf(member: Pick<Member, "id" | "generation"> | undefined): string | undefined {
  return member && `${member.generation} ${member.id}`;
}

/** Which member it was. */
export function memberOf(lender: string): string {
  return lender.slice(lender.indexOf(" ") + 1);
}

function byLender(lent: ReadonlyMap<number, string>): Readonly<Record<string, readonly number[]>> {
  const offsets: Record<string, number[]> = {};
  for (const [offset, lender] of lent) (offsets[lender] ??= []).push(offset);
  return offsets;
}

/** At most so many, for each is looked through for each message. */
const mostRanges = 24;

function merged(
  ranges: readonly (Range & { readonly times: number })[],
): readonly (readonly [number, number, number])[] {
  const same = new Map<string, [number, number, number]>();
  for (const { from, to, times } of ranges) {
    const known = same.get(`${from}-${to}`);
    if (known === undefined) same.set(`${from}-${to}`, [from, to, times]);
    else known[2] += times;
  }
  return [...same.values()].slice(-mostRanges);
}

/** Reads the metadata of a commit; undefined where it is another birth's, or nothing of ours. */
export function progressFrom(base: number, metadata: string, birth: string): Progress | undefined {
  const written = Object(jsonIn(metadata)) as Partial<Record<keyof Written, unknown>>;
  if (written.b !== birth) return undefined;
  const progress = new Progress(base);
  let at = base;
  const gaps = numbers(written.d);
  for (let index = 0; index + 1 < gaps.length; index += 2) {
    const from = at + (gaps[index] ?? 0);
    at = from + (gaps[index + 1] ?? 0);
    progress.finishAll(from, at);
  }
  for (const range of list(written.c)) {
    const [from = 0, to = 0, times = 0] = numbers(range);
    for (let time = 0; time < Math.min(times, 100); time += 1) progress.crashed({ from, to });
  }
  for (const [lender, offsets] of Object.entries(Object(written.l) as object))
    for (const offset of numbers(offsets)) if (offset >= base) progress.lent.set(offset, lender);
  progress.inHand = Number(written.n ?? 0);
  for (const retry of list(written.r)) {
    const [offset = -1, failures = 0, deliveries = 0, dueAt = 0] = numbers(list(retry).slice(0, 4));
    const note = list(retry)[4];
    if (offset >= base) progress.retries.set(offset, { failures, deliveries, dueAt, note: (note ?? {}) as Headers });
  }
  const [from = 0, to = 0] = numbers(written.h);
  // Whoever has gone in peace has nothing in hand.
  progress.crashed({ from, to });
  return progress;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function numbers(value: unknown): readonly number[] {
  return list(value).map(Number);
}
