import type { Cancel, SettleResult } from "@waybill/core";
import type { Commit, Member } from "./driver.ts";
import { isAnswer, notMemberReasons } from "./errors.ts";
import { type Move, MoveQueue } from "./move-queue.ts";
import type { Shard } from "./shard.ts";
import type { Shared } from "./shared.ts";
import { OutcomeUnknown, type Transactor } from "./transactor.ts";

interface Options {
  readonly shared: Pick<Shared, "session" | "cluster" | "context" | "settings">;
  /** By which something is stored in one step with a commit; undefined where nothing is. */
  readonly transactor: Transactor | undefined;
  readonly member: () => Member | undefined;
  readonly committed: () => void;
  /** Commits fail again and again. */
  readonly failing: (error: unknown) => void;
  /** What was to be committed may have been, or not: what stands for good has to be read anew. */
  readonly unsure: () => void;
}

/** Writes down how far shards are, many at once, one request after the other. */
export class Committer {
  readonly #options: Options;
  readonly #dirty = new Set<Shard>();
  readonly #moves: MoveQueue;
  #waiting: { readonly shard: Shard; readonly resolve: (isDone: boolean) => void }[] = [];
  #isRunning = false;
  #timer: Cancel | undefined;
  /** Ends a pause between two rounds. */
  #hurry: (() => void) | undefined;
  #isClosed = false;

  constructor(options: Options) {
    this.#options = options;
    this.#moves = new MoveQueue(options.shared.context.clock, options.shared.settings.requestTimeoutMs);
  }

  /** It is written down before long. */
  touch(shard: Shard): void {
    this.#dirty.add(shard);
    if (this.#isRunning || this.#isClosed) return;
    this.#timer ??= this.#options.shared.context.clock.after(this.#options.shared.settings.commitMs, () =>
      this.#start(),
    );
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

  /** Stores what leaves, and writes down that it has left, as one step. An error: nothing was changed. */
  move(move: Move): Promise<SettleResult> {
    if (this.#isClosed || this.#options.transactor === undefined) return Promise.resolve("lost");
    const moved = this.#moves.add(move);
    this.#hurry?.();
    this.#start();
    return moved;
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
    this.#moves.close();
    void this.#options.transactor?.close();
  }

  #start(): void {
    this.#timer?.();
    this.#timer = undefined;
    if (this.#isRunning) return;
    this.#isRunning = true;
    void this.#run();
  }

  async #run(): Promise<void> {
    const { context, settings } = this.#options.shared;
    // What is decided in this turn goes along.
    await new Promise<void>((resolve) => void setImmediate(resolve));
    for (let failures = 0; this.#hasWork;) {
      const isOk = await this.#round();
      failures = isOk ? 0 : failures + 1;
      if (!this.#hasWork) break;
      if (!isOk) await this.#sleep(Math.min(context.backoff(failures), 500));
      else if (this.#waiting.length === 0 && this.#moves.isEmpty) await this.#pause(settings.commitMs);
    }
    this.#isRunning = false;
    if (this.#hasWork) this.#start();
  }

  get #hasWork(): boolean {
    return !this.#isClosed && (this.#dirty.size > 0 || !this.#moves.isEmpty);
  }

  async #round(): Promise<boolean> {
    const member = this.#options.member();
    const moves = this.#moves.take(member?.id);
    for (const { shard, lentAs } of moves) if (lentAs === undefined) this.#dirty.add(shard);
    const shards = [...this.#dirty].filter(({ state }) => state !== "gone");
    this.#dirty.clear();
    this.#release(({ state }) => state === "gone", false);
    if (shards.length === 0 && moves.length === 0) return true;
    // Who asks from now on has to wait for the next one.
    const waiting = this.#waiting;
    this.#waiting = [];
    const writes = shards.map((shard) => {
      const leaving = moves.filter((move) => move.shard === shard);
      return shard.commit(leaving, this.#options.transactor && member?.id);
    });
    const commits = writes.map(({ commit }) => commit);
    try {
      if (member === undefined) throw new NoMember();
      await this.#write(member, commits, moves);
      for (const { done } of writes) done();
      this.#moves.done();
      for (const { resolve } of waiting) resolve(true);
      this.#options.committed();
      return true;
    } catch (error) {
      for (const shard of shards) this.#dirty.add(shard);
      this.#waiting = [...waiting, ...this.#waiting];
      return this.#failed(error);
    }
  }

  async #write(member: Member, commits: readonly Commit[], moves: readonly Move[]): Promise<void> {
    const { shared, transactor } = this.#options;
    if (moves.length === 0)
      return shared.cluster.atCoordinator(member.group, (node) => shared.session.commit(node, member, commits));
    const records = moves.flatMap((move) => move.records);
    await transactor?.run({ by: member.id, records, group: { member, commits } });
  }

  /** Whether to go on at once. */
  #failed(error: unknown): boolean {
    const { failing, unsure } = this.#options;
    if (error instanceof OutcomeUnknown) unsure();
    if (this.#moves.failed(error)) return true;
    if (!(error instanceof NoMember || error instanceof OutcomeUnknown || isAnswer(error, ...notMemberReasons)))
      failing(error);
    return false;
  }

  #release(which: (shard: Shard) => boolean, isDone: boolean): void {
    const all = this.#waiting;
    this.#waiting = all.filter(({ shard }) => !which(shard));
    for (const { shard, resolve } of all) if (which(shard)) resolve(isDone);
  }

  /** Until somebody waits for the next round. */
  async #pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = this.#options.shared.context.clock.after(ms, resolve);
    this.#hurry = resolve;
    await promise;
    cancel();
    this.#hurry = undefined;
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#options.shared.context.clock.after(ms, resolve));
  }
}

/** It is none for now. */
class NoMember extends Error {}
