import { Absences, type AdapterContext, type WaybillError } from "@waybill/core";
import type { Cluster } from "./cluster.ts";
import type { Fetched, Partition, Session } from "./driver.ts";
import { movedReasons, toError } from "./errors.ts";

/** A partition of which more is wanted. */
export interface Wanted extends Partition {
  readonly position: number;
  /** Being fetched now. */
  fetching: boolean;
}

interface Options {
  /** A request waits at the broker and holds up its connection, so what is wanted meanwhile goes by another. */
  readonly sessions: readonly Session[];
  readonly cluster: Cluster;
  readonly context: AdapterContext;
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
const maxBytes = 4 * 2 ** 20;
const maxBytesEach = 2 ** 20;

/** Asks each broker again and again for what it leads of what is wanted. */
export class Fetcher {
  readonly #options: Options;
  /** By broker and session: when it may ask again, Infinity while it is asking. */
  readonly #busy = new Set<string>();
  readonly #absences: Absences;
  #isClosed = false;
  #refreshing = false;

  constructor(options: Options) {
    this.#options = options;
    this.#absences = new Absences(options.context.clock, goneMs);
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
    for (const [node, list] of byLeader) {
      const free = this.#options.sessions.findIndex((_, index) => !this.#busy.has(`${node}/${index}`));
      const session = this.#options.sessions[free];
      if (session !== undefined) void this.#fetch(node, list, session, `${node}/${free}`);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#options.sessions.map((session) => session.close()));
  }

  async #fetch(node: number, wanted: readonly Wanted[], session: Session, slot: string): Promise<void> {
    const { context, cluster, waitMs } = this.#options;
    this.#busy.add(slot);
    for (const one of wanted) one.fetching = true;
    let pauseMs = 0;
    try {
      const asks = wanted.map(({ topic, partition, position }) => ({
        topic,
        partition,
        offset: position,
        maxBytes: maxBytesEach,
      }));
      const answers = await session.fetch(node, asks, { waitMs, maxBytes });
      const byKey = new Map(answers.map((one) => [`${one.topic}/${one.partition}`, one]));
      for (const one of wanted) one.fetching = false;
      for (const [index, one] of wanted.entries()) {
        const answer = byKey.get(`${one.topic}/${one.partition}`);
        // It was moved to somewhere else meanwhile.
        if (one.position !== asks[index]?.offset) continue;
        if (answer?.error !== undefined && movedReasons.includes(answer.error)) {
          cluster.forget(one.topic);
          pauseMs = 100;
        }
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
    if (pauseMs > 0) await new Promise<void>((resolve) => void context.clock.after(pauseMs, resolve));
    this.#busy.delete(slot);
    this.nudge();
  }

  /** Looks who leads, and asks again then. */
  async #refresh(): Promise<void> {
    if (this.#refreshing) return;
    this.#refreshing = true;
    const { cluster, context } = this.#options;
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
    await new Promise<void>((resolve) => void context.clock.after(100, resolve));
    this.#refreshing = false;
    this.nudge();
  }
}
