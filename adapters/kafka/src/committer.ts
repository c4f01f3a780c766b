import type { AdapterContext, Cancel } from "@waybill/core";
import type { Cluster } from "./cluster.ts";
import type { Commit, Member, Session } from "./driver.ts";
import { isAnswer } from "./errors.ts";
import type { Shard } from "./shard.ts";

interface Options {
  readonly session: Session;
  readonly cluster: Cluster;
  readonly context: AdapterContext;
  readonly commitMs: number;
  readonly member: () => Member | undefined;
  readonly committed: () => void;
  /** Commits fail again and again. */
  readonly failing: (error: unknown) => void;
}

/** Writes down how far shards are, many at once, one request after the other. */
export class Committer {
  readonly #options: Options;
  readonly #dirty = new Set<Shard>();
  #waiting: { readonly shard: Shard; readonly resolve: (isDone: boolean) => void }[] = [];
  #isRunning = false;
  #timer: Cancel | undefined;
  /** Ends a pause between two rounds. */
  #hurry: (() => void) | undefined;
  #isClosed = false;

  constructor(options: Options) {
    this.#options = options;
  }

  /** It is written down before long. */
  touch(shard: Shard): void {
    this.#dirty.add(shard);
    if (this.#isRunning || this.#isClosed) return;
    this.#timer ??= this.#options.context.clock.after(this.#options.commitMs, () => this.#start());
  }

  /** Writes down how far it is now; false where it is not ours any more. */
  commit(shard: Shard): Promise<boolean> {
    this.#dirty.add(shard);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#waiting.push({ shard, resolve });
    this.#hurry?.();
    this.#start();
    return promise;
  }

  /** All that is to be written down. */
  async flush(): Promise<void> {
    await Promise.all([...this.#dirty].map((shard) => this.commit(shard)));
  }

  /** What still waits is not written down. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.();
    this.#release(() => true, false);
  }

  #start(): void {
    this.#timer?.();
    this.#timer = undefined;
    if (this.#isRunning) return;
    this.#isRunning = true;
    void this.#run();
  }

  async #run(): Promise<void> {
    const { context, commitMs } = this.#options;
    // What is decided in this turn goes along.
    await new Promise<void>((resolve) => void setImmediate(resolve));
    for (let failures = 0; this.#dirty.size > 0 && !this.#isClosed;) {
      const isOk = await this.#round();
      failures = isOk ? 0 : failures + 1;
      if (this.#dirty.size === 0) break;
      if (!isOk) await this.#sleep(Math.min(context.backoff(failures), 500));
      else if (this.#waiting.length === 0) await this.#pause(commitMs);
    }
    this.#isRunning = false;
    if (this.#dirty.size > 0 && !this.#isClosed) this.#start();
  }

  async #round(): Promise<boolean> {
    const { session, cluster, member } = this.#options;
    const shards = [...this.#dirty].filter(({ state }) => state !== "gone");
    this.#dirty.clear();
    this.#release(({ state }) => state === "gone", false);
    if (shards.length === 0) return true;
    // Who asks from now on has to wait for the next one.
    const waiting = this.#waiting;
    this.#waiting = [];
    const writes = shards.map((shard) => shard.commit());
    const who = member();
    try {
      if (who === undefined) throw new Error("it is no member");
      const commits: readonly Commit[] = writes.map(({ commit }) => commit);
      await cluster.atCoordinator(who.group, (node) => session.commit(node, who, commits));
      for (const { done } of writes) done();
      for (const { resolve } of waiting) resolve(true);
      this.#options.committed();
      return true;
    } catch (error) {
      for (const shard of shards) this.#dirty.add(shard);
      this.#waiting = [...waiting, ...this.#waiting];
      if (!isAnswer(error, "REBALANCE_IN_PROGRESS", "ILLEGAL_GENERATION", "UNKNOWN_MEMBER_ID") && who !== undefined)
        this.#options.failing(error);
      return false;
    }
  }

  #release(which: (shard: Shard) => boolean, isDone: boolean): void {
    const all = this.#waiting;
    this.#waiting = all.filter(({ shard }) => !which(shard));
    for (const { shard, resolve } of all) if (which(shard)) resolve(isDone);
  }

  /** Until somebody waits for the next round. */
  async #pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#options.context.clock.after(ms, resolve);
    this.#hurry = resolve;
    await promise;
    cancel();
    this.#hurry = undefined;
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#options.context.clock.after(ms, resolve));
  }
}
