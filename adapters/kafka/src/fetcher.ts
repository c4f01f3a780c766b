import { Absences, type Cancel, type Clock, type WaybillError } from "@waybill/core";
import type { Cluster } from "./cluster.ts";
import type { Fetched, Partition, Session } from "./driver.ts";
import { movedReasons, toError } from "./errors.ts";

/** A partition of which more is wanted. */
export interface Wanted extends Partition {
  readonly position: number;
  /** Whether there is more of it already, as far as is known; else it is waited for. */
  readonly hasMore: boolean;
  /** Being fetched now. */
  fetching: boolean;
}

interface Options {
  /** Its requests wait at the broker until something comes, and hold up its connection for so long. */
  readonly watching: Session;
  /** Its requests are answered at once. */
  readonly asking: Session;
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly waitMs: number;
  /** Of which partitions more is wanted, the most urgent first. */
  readonly wanted: () => readonly Wanted[];
  readonly took: (wanted: Wanted, fetched: Fetched) => void;
  /** After each answer, when all of it was taken. */
  readonly answered: () => void;
  /** A topic of which more is wanted was removed. */
  readonly gone: (topic: string) => void;
  readonly failed: (error: WaybillError) => void;
}

/** For so long no broker has to know of a topic until it counts as removed, ms. */
const goneMs = 5_000;
/** How often it is asked for what came to rest while what was at rest already is being watched, ms. */
const askMs = 20;
const maxBytes = 4 * 2 ** 20;
const maxBytesEach = 2 ** 20;

type Way = "watching" | "asking";

/** Asks each broker again and again for what it leads of what is wanted. */
export class Fetcher {
  readonly #options: Options;
  /** Brokers that are asked now. */
  readonly #busy = { watching: new Set<number>(), asking: new Set<number>() };
  /** By broker: until when what came to rest need not be asked for again, epoch ms. */
  readonly #askAgainAt = new Map<number, number>();
  #nudging: Cancel | undefined;
  readonly #absences: Absences;
  #isClosed = false;
  #refreshing = false;

  constructor(options: Options) {
    this.#options = options;
    this.#absences = new Absences(options.clock, goneMs);
  }

  /** Something more may be wanted. */
  nudge(): void {
    if (this.#isClosed) return;
    const byLeader = new Map<number, Wanted[]>();
    for (const wanted of this.#options.wanted()) {
      if (wanted.fetching) continue;
      const leader = this.#options.cluster.knownOf(wanted.topic)?.[wanted.partition]?.leader ?? -1;
      if (leader < 0) void this.#refresh();
      else {
        const list = byLeader.get(leader);
        if (list === undefined) byLeader.set(leader, [wanted]);
        else list.push(wanted);
      }
    }
    for (const [node, list] of byLeader) this.#ask(node, list);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#nudging?.();
    await Promise.all([this.#options.watching.close(), this.#options.asking.close()]);
  }

  /**
   * What has nothing for now is watched together. What has more must not wait behind that, so it goes another way; and by that way comes
   * what is at rest only since the watch has begun, until it can be watched with the others.
   */
  #ask(node: number, wanted: readonly Wanted[]): void {
    const { clock } = this.#options;
    const more = wanted.filter(({ hasMore }) => hasMore);
    let resting = wanted.filter(({ hasMore }) => !hasMore);
    if (resting.length > 0 && this.#isFree(node, "watching")) {
      void this.#fetch(node, resting, "watching", this.#options.waitMs);
      resting = [];
    }
    const way = (["asking", "watching"] as const).find((one) => this.#isFree(node, one));
    if (way === undefined || more.length + resting.length === 0) return;
    const waitMs = (this.#askAgainAt.get(node) ?? 0) - clock.now();
    if (more.length === 0 && waitMs > 0) return this.#nudgeIn(waitMs);
    this.#askAgainAt.set(node, clock.now() + askMs);
    void this.#fetch(node, [...more, ...resting], way, 0);
  }

  #nudgeIn(ms: number): void {
    this.#nudging ??= this.#options.clock.after(ms, () => {
      this.#nudging = undefined;
      this.nudge();
    });
  }

  #isFree(node: number, way: Way): boolean {
    return !this.#busy[way].has(node);
  }

  async #fetch(node: number, wanted: readonly Wanted[], way: Way, waitMs: number): Promise<void> {
    const { clock, cluster } = this.#options;
    this.#busy[way].add(node);
    for (const one of wanted) one.fetching = true;
    let pauseMs = 0;
    try {
      const asks = wanted.map(({ topic, partition, position }) => ({
        topic,
        partition,
        offset: position,
        maxBytes: maxBytesEach,
      }));
      const answers = await this.#options[way].fetch(node, asks, { waitMs, maxBytes });
      const byKey = new Map(answers.map((one) => [`${one.topic}/${one.partition}`, one]));
      for (const one of wanted) one.fetching = false;
      for (const [index, one] of wanted.entries()) {
        const answer = byKey.get(`${one.topic}/${one.partition}`);
        // It was moved to somewhere else meanwhile.
        if (one.position !== asks[index]?.offset) continue;
        if (answer?.error !== undefined) pauseMs = 100;
        if (answer?.error !== undefined && movedReasons.includes(answer.error)) cluster.forget(one.topic);
        if (answer !== undefined && answer.error === undefined) this.#absences.seen(one.topic);
        if (answer !== undefined && !this.#isClosed) this.#options.took(one, answer);
      }
      if (!this.#isClosed) this.#options.answered();
    } catch (error) {
      for (const one of wanted) {
        one.fetching = false;
        cluster.forget(one.topic);
      }
      pauseMs = 200;
      if (!this.#isClosed) this.#options.failed(toError(error, "to fetch"));
    }
    if (pauseMs > 0) await new Promise<void>((resolve) => void clock.after(pauseMs, resolve));
    this.#busy[way].delete(node);
    this.nudge();
  }

  /** Looks who leads, and asks again then. */
  async #refresh(): Promise<void> {
    if (this.#refreshing) return;
    this.#refreshing = true;
    const { cluster, clock } = this.#options;
    const topics = new Set(this.#options.wanted().map(({ topic }) => topic));
    try {
      const { topics: there } = await cluster.refresh([...topics]);
      for (const topic of topics) {
        if (there.has(topic)) this.#absences.seen(topic);
        else if (this.#absences.isBelieved(topic) && !this.#isClosed) this.#options.gone(topic);
      }
    } catch (error) {
      if (!this.#isClosed) this.#options.failed(toError(error, "to find who leads"));
    }
    await new Promise<void>((resolve) => void clock.after(100, resolve));
    this.#refreshing = false;
    this.nudge();
  }
}
