import { Hand, type Flow, type Inbox, type Sink, type WaybillError } from "@waybill/core";
import type { Committer } from "./committer.ts";
import { toError } from "./errors.ts";
import type { Held } from "./held.ts";
import { Intake } from "./intake.ts";
import { Settlements } from "./settlements.ts";
import type { Shard } from "./shard.ts";
import type { Shared } from "./shared.ts";

interface Options {
  readonly inbox: Inbox;
  readonly flow: Flow;
  readonly sink: Sink;
  readonly shared: Shared;
  readonly committer: Committer;
  readonly shards: () => readonly Shard[];
  /** Whether something may be delivered now. */
  readonly isOpen: () => boolean;
  /** After each look at what there is. */
  readonly pumped: () => void;
  readonly failed: (error: WaybillError) => void;
}

/** Puts into hand what there is room for, once for all that happens in one turn. */
export class Pump {
  readonly hand: Hand<Held>;
  readonly intake: Intake;
  readonly settlements: Settlements;
  readonly #options: Options;
  #isDue = false;
  #isFull = false;
  #isClosed = false;

  constructor(options: Options) {
    const { inbox, shared, committer, flow } = options;
    this.#options = options;
    this.hand = new Hand<Held>(flow);
    this.intake = new Intake({
      inbox,
      clock: shared.context.clock,
      shards: options.shards,
      wake: () => this.wake(),
      commit: (shard) => committer.commit(shard),
      ends: (shards) => this.#ends(shards),
      park: (held) => void this.#park(held),
    });
    this.settlements = new Settlements({ inbox, shared, intake: this.intake, committer });
  }

  /** Whether something waits for which there is no room. */
  get isFull(): boolean {
    return this.#isFull;
  }

  wake(): void {
    if (this.#isDue || this.#isClosed) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      if (this.#options.isOpen()) this.#deliver();
      if (!this.#isClosed) this.#options.pumped();
    });
  }

  /** What was in hand of a shard is others' now. */
  lose(shard: Shard, cause: WaybillError, wasLent: boolean): void {
    const lost = this.heldOf(shard);
    for (const held of lost) {
      this.hand.delete(held);
      if (!wasLent) this.intake.lost(held);
    }
    const isTold = lost.length > 0 && !this.#isClosed && this.hand.flow.settle === "after";
    if (isTold) this.#options.sink.lost(lost, cause);
  }

  /** What is in hand of a shard. */
  heldOf(shard: Shard): readonly Held[] {
    return this.hand.all().filter((held) => held.shard === shard);
  }

  /** What is in hand though its shard is another's; none of it is ours any more. */
  loseLent(cause: WaybillError): void {
    const lent = this.hand.all().filter(({ shard }) => shard.state === "lent");
    for (const held of lent) this.hand.delete(held);
    if (lent.length > 0 && !this.#isClosed) this.#options.sink.lost(lent, cause);
  }

  /** Gives back what is in hand, and takes nothing more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const all = this.hand.empty();
    for (const held of all) if (held.shard.state !== "lent") this.intake.giveBack(held);
    const lent = all.filter(({ shard }) => shard.state === "lent");
    await Promise.all(lent.map((delivery) => this.settlements.later({ delivery, outcome: "release" })));
    this.intake.close();
  }

  #deliver(): void {
    const batch: Held[] = [];
    this.#isFull = this.hand.room.count === 0;
    while (this.hand.room.count > 0) {
      const held = this.intake.next();
      if (held === undefined) break;
      if (!this.hand.offer(held)) {
        this.#isFull = true;
        this.intake.giveBack(held);
        break;
      }
      batch.push(held);
      this.#options.committer.touch(held.shard);
      this.intake.lookAhead(held.shard);
    }
    this.intake.endTurn();
    if (batch.length === 0) return;
    if (this.hand.flow.settle === "first") void this.#deliverOnce(batch);
    else this.#options.sink.deliver(batch);
  }

  /** Settles first, so that nothing is delivered twice (ACK-6). */
  async #deliverOnce(batch: readonly Held[]): Promise<void> {
    const { committer, sink } = this.#options;
    for (const held of batch) this.intake.finish(held);
    const committed = new Set<Shard>();
    const shards = [...new Set(batch.map(({ shard }) => shard))];
    await Promise.all(shards.map(async (shard) => (await committer.commit(shard)) && committed.add(shard)));
    const mine = batch.filter((held) => committed.has(held.shard) && held.place >= 0);
    for (const held of batch) if (!committed.has(held.shard)) this.hand.delete(held);
    if (mine.length > 0 && !this.#isClosed) sink.deliver(mine);
  }

  async #ends(shards: readonly Shard[]): Promise<boolean> {
    try {
      const found = await this.#options.shared.topology.offsetsOf(shards, -1);
      for (const { topic, partition, offset } of found) {
        const shard = shards.find((one) => one.topic === topic && one.partition === partition);
        if (shard !== undefined) shard.end = Math.max(shard.end, offset);
      }
      return true;
    } catch (error) {
      this.#options.failed(toError(error, "to look for what has a higher priority"));
      return false;
    }
  }

  async #park(held: Held): Promise<void> {
    const { clock, backoff } = this.#options.shared.context;
    for (let attempt = 1; held.shard.state !== "gone" && !this.#isClosed; attempt += 1) {
      const error = await this.settlements.park(held);
      if (error === undefined) return;
      this.#options.failed(error);
      await new Promise<void>((resolve) => void clock.after(backoff(attempt), resolve));
    }
  }
}
