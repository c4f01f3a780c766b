import type { Delivery, Headers, Manifest, Settlement, WireMessage } from "../src/seam.ts";

/** A message as an adapter sees it. */
export function wire(id: string, over: Partial<WireMessage> = {}): WireMessage {
  return {
    id,
    dedupe: id,
    source: "t",
    key: undefined,
    headers: {},
    body: Buffer.from(id),
    deliverAt: undefined,
    priority: 0,
    ...over,
  };
}

export function delivery(id: string, over: Partial<Delivery> = {}): Delivery {
  return { ...wire(id), failures: 0, deliveries: 1, malformed: undefined, ...over };
}

export function ack(id: string): Settlement {
  return { delivery: delivery(id), outcome: "ack", sends: [] };
}

/** A carrier without limits that can do everything. */
export function manifest(over: Partial<Manifest> = {}): Manifest {
  return {
    maxBytes: Infinity,
    maxHeaderBytes: Infinity,
    maxDelay: Infinity,
    maxHold: Infinity,
    leaseMs: 30_000,
    handoverMs: 0,
    retentionMs: Infinity,
    dedupeMs: 0,
    wiringMs: 0,
    sweepMs: 0,
    hideMs: 0,
    order: "key",
    attempts: "stored",
    move: "atomic",
    settle: "confirmed",
    durability: "process",
    depth: "exact",
    can: new Set(["topics"]),
    ...over,
  };
}

/** What a promise came to, as far as it has. */
export function outcomeOf(promise: Promise<unknown>): { state: "pending" | "resolved" | "rejected"; value: unknown } {
  const outcome: ReturnType<typeof outcomeOf> = { state: "pending", value: undefined };
  promise.then(
    (value) => Object.assign(outcome, { state: "resolved", value }),
    (value: unknown) => Object.assign(outcome, { state: "rejected", value }),
  );
  return outcome;
}

/** What `run` gives or throws. */
export function resultOf<T>(run: () => T): { readonly value: T } | { readonly error: unknown } {
  try {
    return { value: run() };
  } catch (error) {
    return { error };
  }
}

/** The error that `run` throws or rejects with. */
export async function caught(run: () => unknown): Promise<Error & { readonly code?: string }> {
  try {
    await run();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}

export function bytesOf(headers: Headers): number {
  return Object.entries(headers).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + Buffer.byteLength(value),
    0,
  );
}
