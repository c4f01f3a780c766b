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
import { type Counts, countsAfter, type Held, movedMeta, storedAt } from "./wire.ts";

/** A settlement of something that is in hand. */
export type Mine = Settlement & { readonly delivery: Held };

/** What was decided in one turn, as `apply` takes it. */
interface Operations {
  readonly args: readonly Argument[];
  readonly count: number;
  /** The keys of what handlers sent. */
  readonly touched: readonly string[];
  /** Places in the batch, in the order in which `apply` numbers them: those it may call lost. */
  readonly moved: readonly number[];
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
  /** One each, in order. */
  readonly results: readonly SettleResult[];
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
      const results = batch.map((): SettleResult => "settled");
      for (const number of answer.lost) results[moved[number] ?? 0] = "lost";
      return { said: "ok", results };
    }
    if (answer.said === "lost" || (answer.said === "gone" && answer.section === 0))
      return { said: answer.said, results: batch.map(() => "lost") };
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
): Promise<readonly SettleResult[]> {
  const results: SettleResult[] = [];
  const deadline = context.clock.now() + settings.leaseMs;
  for (const settlement of batch) {
    let result: SettleResult = "settled";
    if (settlement.outcome === "ack")
      for (const [to, message] of settlement.sends)
        result = (await flawOf(outbox.send(to, [message], deadline), to)) ?? result;
    results.push(result);
  }
  return results;
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
  const moved: number[] = [];
  const acks: string[][] = [];
  let count = 0;
  for (const [index, settlement] of batch.entries()) {
    const { delivery } = settlement;
    if (settlement.outcome === "ack" && settlement.sends.length === 0 && !ordered) {
      (acks[delivery.level] ??= []).push(delivery.entry);
      continue;
    }
    moved.push(index);
    count += 1;
    if (settlement.outcome === "ack") {
      const { args: sections, count: sent, keys } = effects(settlement);
      args.push("a", delivery.level, delivery.entry, delivery.key ?? "", sent, ...sections);
      touched.push(...keys);
    } else args.push(...operationOf(settlement));
  }
  for (const level of acks.keys()) {
    const ids = acks[level];
    if (ids === undefined) continue;
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
      const { failures, deliveries = 1 } = delivery;
      return [
        "x",
        ...place,
        noted(delivery, settlement.note, { failures, deliveries, at: storedAt(delivery) }),
        delivery.body,
      ];
    }
  }
}

function noted(delivery: Held, note: Headers, counts: Counts): string {
  return movedMeta({ ...delivery, headers: { ...delivery.headers, ...note } }, counts);
}
