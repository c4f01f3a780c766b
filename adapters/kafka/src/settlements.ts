import {
  type Address,
  type Inbox,
  type SendResult,
  type Settlement,
  type SettleResult,
  WaybillError,
  type WireMessage,
} from "@waybill/core";
import type { Committer } from "./committer.ts";
import { toError } from "./errors.ts";
import type { Held } from "./held.ts";
import type { Intake } from "./intake.ts";
import { Moves } from "./moves.ts";
import type { Outgoing, Target } from "./outbox.ts";
import type { Retry } from "./progress.ts";
import type { Shared } from "./shared.ts";
import { countsAfter } from "./wire.ts";

/** A settlement of something that was in hand. */
export type Mine = Settlement & { readonly delivery: Held };

interface Options {
  readonly inbox: Inbox;
  readonly shared: Shared;
  readonly intake: Intake;
  readonly committer: Committer;
}

/** Does what was decided: what leaves its place is stored there before it is finished here. */
export class Settlements {
  readonly #options: Options;
  /** Undefined where it is stored first, and finished then. */
  readonly #moves: Moves | undefined;

  constructor(options: Options) {
    this.#options = options;
    this.#moves = options.shared.settings.transactions ? new Moves(options) : undefined;
  }

  /** What is done at once; undefined: it takes a while. */
  now(mine: Mine): SettleResult | undefined {
    const { intake, committer } = this.#options;
    if (mine.delivery.shard.state === "lent") return undefined;
    if (mine.outcome === "release") intake.giveBack(mine.delivery);
    else if (mine.outcome === "ack" && mine.sends.length === 0) intake.finish(mine.delivery);
    else return undefined;
    committer.touch(mine.delivery.shard);
    return "settled";
  }

  /** All else. An error: nothing was changed. */
  async later(mine: Mine): Promise<SettleResult> {
    const { inbox, intake, committer, shared } = this.#options;
    const { delivery } = mine;
    const isLent = delivery.shard.state === "lent";
    if (mine.outcome === "release" && isLent) return this.#return(delivery, "at once");
    if (mine.outcome === "retry" && inbox.ordered)
      return isLent ? this.#return(delivery, this.#retryOf(mine)) : this.#inPlace(mine);
    if (this.#moves !== undefined) return this.#inOneStep(mine, this.#moves);
    const error = await this.#move(mine);
    if (delivery.shard.state === "gone") {
      // It was in no hand when the shard went, and is still counted there, and before the next of its key.
      if (!isLent) intake.lost(delivery);
      return "lost";
    }
    if (error !== undefined) return error;
    if (isLent) return this.#return(delivery, undefined);
    intake.finish(delivery);
    committer.touch(delivery.shard);
    shared.watch.worked();
    return "settled";
  }

  /** Only what a handler sent, where the rest was settled before. */
  async effects(mine: Mine): Promise<SettleResult> {
    return mine.outcome === "ack" ? ((await this.#sendAll(mine.delivery, mine.sends)) ?? "settled") : "settled";
  }

  /** Puts into the lanes what has to wait for longer than it can where it is; undefined once it is there. */
  async park(held: Held): Promise<WaybillError | undefined> {
    const { failures, deliveries = 1, life } = held;
    const target = this.#options.shared.router.lanes(this.#options.inbox);
    const counts = { failures, deliveries: deliveries - 1, life };
    const outgoing = { message: { ...held, deliverAt: held.dueAt }, counts };
    if (this.#moves !== undefined) return this.#moves.park(held, target, outgoing);
    const error = await this.#store(target, outgoing);
    if (error !== undefined) return error;
    this.#options.intake.moved(held);
    this.#options.committer.touch(held.shard);
    return undefined;
  }

  #inOneStep(mine: Mine, moves: Moves): Promise<SettleResult> | SettleResult {
    if (mine.outcome === "ack") return moves.ack(mine.delivery, mine.sends);
    if (mine.outcome === "release") return this.now(mine) ?? "settled";
    return moves.toElsewhere(mine.delivery, ...this.#elsewhere(mine));
  }

  async #move(mine: Mine): Promise<WaybillError | undefined> {
    if (mine.outcome === "ack") return this.#sendAll(mine.delivery, mine.sends);
    if (mine.outcome === "release") return undefined;
    return this.#store(...this.#elsewhere(mine));
  }

  #elsewhere(mine: Mine & { readonly outcome: "retry" | "dead" }): readonly [Target, Outgoing] {
    const { router, context } = this.#options.shared;
    const { inbox } = this.#options;
    const { delivery } = mine;
    const headers = { ...delivery.headers, ...mine.note };
    if (mine.outcome === "dead") {
      const { failures, deliveries = 1, life } = delivery;
      return [router.dead(inbox), { message: { ...delivery, headers }, counts: { failures, deliveries, life } }];
    }
    const deliverAt = mine.delayMs > 0 ? context.clock.now() + Math.ceil(mine.delayMs) : undefined;
    const message: WireMessage = { ...delivery, headers, deliverAt };
    return [router.lanes(inbox), { message, counts: countsAfter(delivery, mine.failed) }];
  }

  /** The key waits, and its member; what is written down is what another goes on with. */
  async #inPlace(mine: Mine & { readonly outcome: "retry" }): Promise<SettleResult> {
    const { intake, committer } = this.#options;
    intake.retry(mine.delivery, this.#retryOf(mine));
    return (await committer.commit(mine.delivery.shard)) ? "settled" : "lost";
  }

  #retryOf({ delivery, delayMs, failed, note }: Mine & { readonly outcome: "retry" }): Retry {
    const { shard, offset, deliveries = 1 } = delivery;
    const earlier = shard.progress.retries.get(offset);
    const crashes = shard.progress.crashesOf(offset);
    return {
      failures: delivery.failures + (failed ? 1 : 0),
      // Crashes are counted where they are written down.
      deliveries: Math.max(deliveries - crashes - (failed ? 0 : 1), 0),
      dueAt: delayMs > 0 ? this.#options.shared.context.clock.now() + Math.ceil(delayMs) : 0,
      note: { ...earlier?.note, ...note },
    };
  }

  /** Its shard is another's: whoever has it by now hears what becomes of it. */
  async #return({ shard, offset }: Held, retry: Retry | "at once" | undefined): Promise<SettleResult> {
    const { topic, partition, birth, lender } = shard;
    const place = { topic, partition, offset };
    try {
      await this.#options.shared.registry.note({ kind: "returned", of: birth, by: lender, ...place, retry });
      return "settled";
    } catch (error) {
      return toError(error, "to settle what was handed over");
    }
  }

  async #sendAll(
    delivery: Held,
    sends: readonly (readonly [Address, WireMessage])[],
  ): Promise<WaybillError | undefined> {
    for (const [index, [to, message]] of sends.entries()) {
      if (index < delivery.effects) continue;
      const error = await this.#sendOne(to, message);
      if (error !== undefined) return error;
      delivery.effects = index + 1;
    }
    return undefined;
  }

  async #sendOne(to: Address, message: WireMessage): Promise<WaybillError | undefined> {
    try {
      const error = await this.#store(await this.#options.shared.router.target(to), { message });
      // A reply nobody waits for any more is dropped (RPC-1).
      return to.kind === "reply" && error?.code === "NO_ROUTE" ? undefined : error;
    } catch (error) {
      if (!(error instanceof WaybillError))
        return new WaybillError("UNAVAILABLE", "kafka: what a handler sent did not leave");
      return to.kind === "reply" && error.code === "NO_ROUTE" ? undefined : error;
    }
  }

  async #store(target: Target, outgoing: Outgoing): Promise<WaybillError | undefined> {
    const { outbox, context, settings } = this.#options.shared;
    const [result]: readonly SendResult[] = await outbox.send(
      target,
      [outgoing],
      context.clock.now() + settings.requestTimeoutMs,
    );
    return result === "stored" || result === undefined ? undefined : result.error;
  }
}
