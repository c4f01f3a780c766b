import { type Address, type SettleResult, WaybillError, type WireMessage } from "@waybill/core";
import type { Committer } from "./committer.ts";
import { toError } from "./errors.ts";
import type { Held } from "./held.ts";
import type { Intake } from "./intake.ts";
import type { Outgoing, Target } from "./outbox.ts";
import { memberOf } from "./progress.ts";
import type { Shared } from "./shared.ts";
import type { Routed } from "./transactor.ts";

interface Options {
  readonly shared: Shared;
  readonly intake: Intake;
  readonly committer: Committer;
}

type Sends = readonly (readonly [Address, WireMessage])[];

/** How many go the same way, where it is not said which. */
const together = 200;

/** What is stored elsewhere and that it is finished here, as one step: both happen, or neither (EFF-1). */
export class Moves {
  readonly #options: Options;
  #count = 0;

  constructor(options: Options) {
    this.#options = options;
  }

  /** What a handler has sent leaves with the end of its message. */
  async ack(delivery: Held, sends: Sends): Promise<SettleResult> {
    const { intake, committer } = this.#options;
    let records: readonly Routed[];
    try {
      records = await this.#sent(sends);
    } catch (error) {
      return toError(error, "to send what a handler sent");
    }
    const { state } = delivery.shard;
    if (records.length > 0 || state === "gone" || state === "lent") return this.#settle(delivery, records);
    intake.finish(delivery);
    committer.touch(delivery.shard);
    return "settled";
  }

  /** It goes to another place of its group. */
  async toElsewhere(held: Held, target: Target, outgoing: Outgoing): Promise<SettleResult> {
    try {
      return await this.#settle(held, [await this.#route(target, outgoing)]);
    } catch (error) {
      return toError(error, "to settle");
    }
  }

  /** The same for what is in no hand; undefined once it is there, or not ours any more. */
  async park(held: Held, target: Target, outgoing: Outgoing): Promise<WaybillError | undefined> {
    const { intake, committer } = this.#options;
    const { shard, offset } = held;
    try {
      const records = [await this.#route(target, outgoing)];
      const finish = (): void => intake.moved(held);
      const result = await committer.move({ shard, lentAs: undefined, offset, inHand: false, records, finish });
      return result instanceof WaybillError ? result : undefined;
    } catch (error) {
      return toError(error, "to set a message aside");
    }
  }

  async #settle(held: Held, records: readonly Routed[]): Promise<SettleResult> {
    const { intake, committer } = this.#options;
    const { shard, offset } = held;
    if (shard.state === "lent") return this.#settleLent(held, records);
    const finish = (): void => intake.finish(held, "written");
    const result = await committer.move({ shard, lentAs: undefined, offset, inHand: true, records, finish });
    // It was in no hand when the shard went, and is still counted there, and before the next of its key.
    if (result === "lost") intake.lost(held);
    return result;
  }

  /** Its shard is another's: that it is finished is a note, in one step with what is stored for it. */
  async #settleLent({ shard, offset }: Held, records: readonly Routed[]): Promise<SettleResult> {
    const { committer, shared } = this.#options;
    if (!(await shard.handedOver)) return "lost";
    const { topic, partition, birth, lender } = shard;
    const place = { topic, partition, offset };
    const note = shared.registry.noteOf({ kind: "returned", of: birth, by: lender, ...place, retry: undefined });
    const [all, lentAs] = [[...records, note], memberOf(lender)];
    return committer.move({ shard, lentAs, offset, inHand: false, records: all, finish: () => undefined });
  }

  async #sent(sends: Sends): Promise<readonly Routed[]> {
    const records: Routed[] = [];
    for (const [to, message] of sends) {
      try {
        records.push(await this.#route(await this.#options.shared.router.target(to), { message }));
      } catch (error) {
        // A reply nobody waits for any more is dropped (RPC-1).
        if (to.kind !== "reply" || !(error instanceof WaybillError) || error.code !== "NO_ROUTE") throw error;
      }
    }
    return records;
  }

  #route(target: Target, outgoing: Outgoing): Promise<Routed> {
    this.#count += 1;
    return this.#options.shared.outbox.route(target, outgoing, Math.floor(this.#count / together));
  }
}
