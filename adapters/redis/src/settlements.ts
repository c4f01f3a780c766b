import {
  type Address,
  type Headers,
  type Inbox,
  type SendResult,
  type Settlement,
  type SettleResult,
  WaybillError,
} from "@waybill/core";
import { CallError } from "./calls.ts";
import type { Argument } from "./packet.ts";
import { tagOf } from "./names.ts";
import { joined, noSections, type Sections } from "./sections.ts";
import type { Shared } from "./shared.ts";
import { type Counts, countsAfter, type Held, movedMeta } from "./wire.ts";

/** A settlement of something that is in hand. */
export type Mine = Settlement & { readonly delivery: Held };

/** Whether it is in the user's hands still, as far as its receiver knows. */
export function isMine(settlement: Settlement): settlement is Mine {
  return (settlement.delivery as Held).place >= 0;
}

/** What was decided in one turn, as `apply` takes it. */
interface Operations {
  readonly args: readonly Argument[];
  readonly count: number;
  /** The keys of what handlers sent. */
  readonly touched: readonly string[];
  /** In the order in which `apply` numbers them: those it may call lost. */
  readonly moved: readonly Held[];
}

/** What a handler sent, as sections of the call that settles it. */
type Effects = (settlement: Mine & { readonly outcome: "ack" }) => Sections;

/** Whose settlements they are. */
export interface Settler {
  readonly inbox: Inbox;
  readonly base: string;
  readonly keys: readonly string[];
  /** The member's. */
  readonly name: string;
  /** Epoch ms, after which nobody waits for the answer. */
  readonly deadline: number;
  readonly shared: Pick<Shared, "calls" | "outbox" | "isCluster" | "context" | "settings">;
}

/** What became of settlements; `lost`: all of them, the member is none any more; `gone`: its inbox is not there. */
export interface Settled {
  readonly said: "ok" | "lost" | "gone";
  readonly results: ReadonlyMap<object, SettleResult>;
}

/** Settles in one step all that was decided in one turn. Rejects with a `CallError`; then nothing is settled. */
export async function settleAll(batch: readonly Mine[], settler: Settler): Promise<Settled> {
  const { inbox, base, keys, name, deadline, shared } = settler;
  for (;;) {
    const effects = await effectsOf(batch, shared);
    const { args, count, moved, touched } = operationsOf(batch, inbox.ordered, (one) => effects.get(one) ?? noSections);
    const all = ["S", base, name, Number(inbox.ordered), count, ...args];
    const answer = await shared.calls.apply(tagOf(base), [...keys, ...touched], all, deadline);
    if (answer.said === "ok") {
      const lost = new Set(answer.lost.map((index) => moved[index]));
      return { said: "ok", results: resultsOf(batch, (delivery) => (lost.has(delivery) ? "lost" : "settled")) };
    }
    if (answer.said === "lost" || (answer.said === "gone" && answer.section === 0))
      return { said: answer.said, results: resultsOf(batch, () => "lost") };
    if (answer.said === "gone")
      throw new CallError(
        "refused",
        new WaybillError("MISSING", "a group that a handler sent to is not there; declare it"),
      );
    for (const settlement of batch)
      if (settlement.outcome === "ack") for (const [to] of settlement.sends) shared.outbox.forget(to);
  }
}

/** What was settled before it was delivered (ACK-6) has nothing left but what its handler sent. */
export async function sendAll(
  batch: readonly Mine[],
  { outbox, context, settings }: Settler["shared"],
): Promise<ReadonlyMap<object, SettleResult>> {
  const results = new Map<object, SettleResult>();
  const deadline = context.clock.now() + settings.leaseMs;
  for (const { delivery, ...settlement } of batch) {
    results.set(delivery, "settled");
    if (settlement.outcome !== "ack") continue;
    for (const [to, message] of settlement.sends) {
      const error = await flawOf(outbox.send(to, [message], deadline), to);
      if (error !== undefined) results.set(delivery, error);
    }
  }
  return results;
}

function resultsOf(
  batch: readonly Mine[],
  result: (delivery: Held) => SettleResult,
): ReadonlyMap<object, SettleResult> {
  return new Map(batch.map(({ delivery }) => [delivery, result(delivery)]));
}

/** What handlers sent, in the order they sent it; in a cluster it leaves before, since no step spans two nodes. */
async function effectsOf(batch: readonly Mine[], shared: Settler["shared"]): Promise<ReadonlyMap<Mine, Sections>> {
  const effects = new Map<Mine, Sections>();
  const { outbox, isCluster, context, settings } = shared;
  const deadline = context.clock.now() + settings.leaseMs;
  for (const settlement of batch) {
    if (settlement.outcome !== "ack" || settlement.sends.length === 0) continue;
    const parts: Sections[] = [];
    for (const [to, message] of settlement.sends) {
      if (isCluster) {
        const error = await flawOf(outbox.send(to, [message], deadline), to);
        if (error !== undefined) throw new CallError("refused", error);
      } else parts.push(...(await outbox.sections(to, [message], deadline, to.kind !== "reply")));
    }
    effects.set(settlement, joined(parts));
  }
  return effects;
}

/** Why it was not sent; a reply nobody waits for any more is dropped (RPC-1). */
async function flawOf(sending: Promise<SendResult>, to: Address): Promise<WaybillError | undefined> {
  const result = await sending;
  if (result === "stored" || (to.kind === "reply" && result.error.code === "NO_ROUTE")) return undefined;
  return result.error;
}

/** Writes settlements: what was simply handled in bulk, level by level, all else one by one. */
function operationsOf(batch: readonly Mine[], ordered: boolean, effects: Effects): Operations {
  const args: Argument[] = [];
  const touched: string[] = [];
  const moved: Held[] = [];
  const acks = new Map<number, string[]>();
  let count = 0;
  for (const settlement of batch) {
    const { delivery } = settlement;
    if (settlement.outcome === "ack" && settlement.sends.length === 0 && !ordered) {
      const ids = acks.get(delivery.level);
      if (ids === undefined) acks.set(delivery.level, [delivery.entry]);
      else ids.push(delivery.entry);
      continue;
    }
    moved.push(delivery);
    count += 1;
    if (settlement.outcome === "ack") {
      const { args: sections, count: sent, keys } = effects(settlement);
      args.push("a", delivery.level, delivery.entry, delivery.key ?? "", sent, ...sections);
      touched.push(...keys);
    } else args.push(...operationOf(settlement));
  }
  for (const [level, ids] of acks) {
    count += 1;
    args.push("A", level, ids.length, ...ids);
  }
  return { args, count, moved, touched };
}

function operationOf(settlement: Exclude<Mine, { outcome: "ack" }>): readonly Argument[] {
  const { delivery } = settlement;
  const place = [delivery.level, delivery.entry, delivery.key ?? ""];
  switch (settlement.outcome) {
    case "retry": {
      const counts = countsAfter(delivery, settlement.failed ? "failed" : "uncounted");
      return ["r", ...place, noted(delivery, settlement.note, counts), delivery.body, Math.ceil(settlement.delayMs)];
    }
    case "release":
      return ["r", ...place, noted(delivery, {}, countsAfter(delivery, "uncounted")), delivery.body, 0];
    case "dead": {
      const { failures, deliveries = 1, at } = delivery;
      return ["x", ...place, noted(delivery, settlement.note, { failures, deliveries, at }), delivery.body];
    }
  }
}

function noted(delivery: Held, note: Headers, counts: Counts): string {
  return movedMeta({ ...delivery, headers: { ...delivery.headers, ...note } }, counts);
}
