import type { Bus, Delivery, Inbox, Queue, Sink, Transport } from "@waybill/core";
import type { Bench } from "./bench.ts";
import type { Item } from "./item.ts";

/** A queue with a transport of its own, for what only shows at the seam. */
export interface Seam {
  readonly bus: Bus;
  readonly queue: Queue<Item>;
  readonly inbox: Inbox;
  readonly transport: Transport;
  /** Through the bus; resolves once all are confirmed. */
  readonly send: (items: readonly Item[]) => Promise<void>;
}

/** A fresh queue, declared. */
export async function seam(bench: Bench, queue: Queue<Item> = bench.queue()): Promise<Seam> {
  const [transport, bus] = [await bench.transport(), await bench.connect()];
  const { name, shape, ordered } = queue;
  const inbox: Inbox = { source: name, shape, group: name, ordered, ephemeral: false };
  await transport.declare([
    { kind: "source", name, shape },
    { kind: "inbox", inbox, start: { from: "now", reset: false } },
  ]);
  const send = async (items: readonly Item[]): Promise<void> => void (await bus.publishMany(queue, items));
  return { bus, queue, inbox, transport, send };
}

/** Keeps what is delivered. */
export function sinkInto(held: Delivery[]): Sink {
  return { deliver: (batch) => void held.push(...batch), lost: () => undefined };
}
