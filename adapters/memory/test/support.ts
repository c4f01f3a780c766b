import type { AdapterContext, Delivery, Flow, Inbox, Place, Shape, Source, Start, WireMessage } from "@waybill/core";
import { type VirtualClock, virtualClock } from "@waybill/testing";
import { memory, type MemoryTransport } from "../src/index.ts";
import type { MemoryReceiver } from "../src/receiver.ts";

export const leaseMs = 1_000;
const now: Start = { from: "now", reset: false };
let brokers = 0;

/** A transport of a broker nobody else has, its clock standing still. */
export async function transport(
  over: Partial<AdapterContext> = {},
  url = `memory:test-${++brokers}`,
): Promise<{ readonly clock: VirtualClock; readonly transport: MemoryTransport }> {
  const clock = virtualClock();
  const context: AdapterContext = {
    namespace: "n",
    topology: "create",
    options: { leaseMs },
    clock,
    random: () => 0.5,
    backoff: () => 1,
    report: () => undefined,
    ...over,
  };
  return { clock, transport: (await memory.connect(new URL(url), context)) as MemoryTransport };
}

export function shape(kind: Shape["kind"], over: Partial<Shape> = {}): Shape {
  return { kind, ordered: false, priorities: 1, retainMs: 0, ...over };
}

export function source(name: string, over: Partial<Shape> = {}): Source {
  return { kind: "source", name, shape: shape("topic", over) };
}

export function inbox(name: string, group: string, over: Partial<Inbox> = {}): Inbox {
  return { source: name, shape: shape("topic"), group, ordered: false, ephemeral: false, ...over };
}

export function pattern(name: string, group: string, over: Partial<Inbox> = {}): Inbox {
  return inbox(name, group, { shape: shape("pattern"), ...over });
}

export function place(of: Inbox, start: Partial<Start> = {}): Place {
  return { kind: "inbox", inbox: of, start: { ...now, ...start } };
}

export function wire(id: string, over: Partial<WireMessage> = {}): WireMessage {
  const body = Buffer.from(id);
  const rest = { key: undefined, headers: {}, deliverAt: undefined, priority: 0 };
  return { id, dedupe: id, source: "t", body, ...rest, ...over };
}

/** A member of an inbox: what it was given, and what it lost. */
export async function member(
  on: MemoryTransport,
  from: Inbox,
  flow: Partial<Flow> = {},
): Promise<{ readonly receiver: MemoryReceiver; readonly got: Delivery[]; readonly lost: Delivery[] }> {
  const [got, lost]: [Delivery[], Delivery[]] = [[], []];
  const sink = {
    deliver: (batch: readonly Delivery[]) => got.push(...batch),
    lost: (batch: readonly Delivery[]) => lost.push(...batch),
  };
  const full: Flow = { window: 100, bytes: Infinity, settle: "after", ...flow };
  return { receiver: (await on.receive(from, full, sink)) as MemoryReceiver, got, lost };
}

export function ids(deliveries: readonly WireMessage[]): readonly string[] {
  return deliveries.map(({ id }) => id);
}

export function ack(delivery: Delivery): { readonly delivery: Delivery; readonly outcome: "ack"; readonly sends: [] } {
  return { delivery, outcome: "ack", sends: [] };
}
