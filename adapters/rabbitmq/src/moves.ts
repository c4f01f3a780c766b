import { type Headers, type Inbox, type SendResult, type Settlement, WaybillError } from "@waybill/core";
import { deadQueue, readyQueue } from "./names.ts";
import type { Shared } from "./shared.ts";
import { countsAfter, type Held, type Packet, type State } from "./wire.ts";

/** A settlement of something that is in hand. */
export type Mine = Settlement & { readonly delivery: Held };

/** Whose settlements they are. */
export interface Mover {
  readonly inbox: Inbox;
  readonly base: string;
  readonly shared: Shared;
}

/**
 * Stores what has to be stored before these can be acked: what their handlers have sent, and their copies in another place (EFF-1). One
 * result each: undefined where it is done, otherwise why not.
 */
export async function store(batch: readonly Mine[], mover: Mover): Promise<readonly (WaybillError | undefined)[]> {
  const { context, settings } = mover.shared;
  const deadline = context.clock.now() + settings.commandTimeoutMs;
  const moved = batch.map((settlement) => copyOf(settlement, mover));
  const copies = moved.filter((packet) => packet !== undefined);
  const sent = copies.length === 0 ? [] : await move(copies, mover, deadline);
  const results = sent[Symbol.iterator]();
  return Promise.all(
    batch.map(async (settlement, index) => {
      if (moved[index] !== undefined) return flawIn(results.next().value);
      return settlement.outcome === "ack" ? sendAll(settlement.sends, mover.shared, deadline) : undefined;
    }),
  );
}

/** Where the place of a copy was taken away by hand it is made again, unless all of the inbox was. */
async function move(
  copies: readonly Packet[],
  { inbox, shared }: Mover,
  deadline: number,
): Promise<readonly SendResult[]> {
  const results = await shared.outbox.move(copies, deadline);
  if (!results.some(isUnrouted)) return results;
  const restored = await shared.topology.restore(await shared.consuming.ready(deadline), inbox).catch(() => "gone");
  if (restored === "gone") return results;
  const again = await shared.outbox.move(
    copies.filter((_, index) => isUnrouted(results[index])),
    deadline,
  );
  const second = again[Symbol.iterator]();
  return results.map((result) => (isUnrouted(result) ? (second.next().value ?? result) : result));
}

function isUnrouted(result: SendResult | undefined): boolean {
  return result !== undefined && result !== "stored" && result.error.code === "NO_ROUTE";
}

/** What handlers have sent, in the order they sent it. */
export async function sendAll(
  sends: (Settlement & { readonly outcome: "ack" })["sends"],
  { outbox }: Pick<Shared, "outbox">,
  deadline: number,
): Promise<WaybillError | undefined> {
  for (const [to, message] of sends) {
    const [result] = await outbox.send(to, [message], deadline);
    const flaw = flawIn(result);
    // A reply whose address is gone is left out.
    if (flaw !== undefined && !(to.kind === "reply" && flaw.code === "NO_ROUTE")) return flaw;
  }
  return undefined;
}

function flawIn(result: SendResult | undefined): WaybillError | undefined {
  if (result === "stored") return undefined;
  return result?.error ?? new WaybillError("UNAVAILABLE", "rabbitmq: there was no answer");
}

/** The message as it lies in its next place; undefined for what has none. */
function copyOf(settlement: Mine, mover: Mover): Packet | undefined {
  const { delivery } = settlement;
  const ready = readyQueue(mover.base, delivery.lane);
  switch (settlement.outcome) {
    case "ack":
      return undefined;
    case "retry": {
      const counts = countsAfter(delivery, settlement.failed ? "failed" : "uncounted");
      return copy(mover, ready, noted(delivery, settlement.note), { counts, delayMs: settlement.delayMs });
    }
    case "release":
      return copy(mover, ready, delivery, { counts: countsAfter(delivery, "uncounted"), delayMs: 0 });
    case "dead": {
      const { failures, deliveries = 1 } = delivery;
      return copy(mover, deadQueue(mover.base), noted(delivery, settlement.note), {
        counts: { failures, deliveries },
        delayMs: 0,
      });
    }
  }
}

function copy(
  { inbox, shared }: Mover,
  queue: string,
  held: Held,
  { counts, delayMs }: { readonly counts: State; readonly delayMs: number },
): Packet {
  return shared.routes.copy(queue, held, stateOf(inbox, held, counts), delayMs);
}

/** What a copy must not forget: only what its place does not tell. */
export function stateOf(inbox: Inbox, { source, deliverAt, priority, state }: Held, counts: State): State {
  return {
    ...state,
    ...counts,
    ...(source === inbox.source ? {} : { source }),
    ...(deliverAt === undefined ? {} : { deliverAt }),
    ...(priority === 0 ? {} : { priority }),
  };
}

function noted(held: Held, note: Headers): Held {
  return { ...held, headers: { ...held.headers, ...note } };
}
