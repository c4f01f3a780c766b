import { type Clock, systemClock } from "./clock.ts";
import { wholeNumber } from "./duration.ts";
import type { Claim, IdempotencyStore } from "./idempotency-store.ts";

export interface MemoryStoreOptions {
  /** The most records kept. Default 100 000. */
  readonly maxRecords?: number | undefined;
  /** The most bytes of what was recorded. Default 64 MiB. */
  readonly maxBytes?: number | undefined;
  readonly clock?: Pick<Clock, "now"> | undefined;
}

interface Lease {
  readonly owner: string;
  readonly ms: number;
  readonly until: number;
}

/** Ends are counted from the generation's beginning, because small numbers take no memory of their own. */
type Entry = number | { readonly end: number; readonly record: Uint8Array };

class Generation {
  readonly from: number;
  readonly entries = new Map<string, Entry>();
  bytes = 0;

  constructor(from: number) {
    this.from = from;
  }

  find(key: string, now: number): Claim | undefined {
    const entry = this.entries.get(key);
    if (entry === undefined || this.from + (typeof entry === "number" ? entry : entry.end) <= now) return undefined;
    return { state: "done", record: typeof entry === "number" ? undefined : entry.record };
  }

  add(key: string, until: number, record: Uint8Array | undefined): void {
    const end = until - this.from;
    this.entries.set(key, record === undefined ? end : { end, record });
    this.bytes += record?.length ?? 0;
  }
}

/** From how many claims on those of handlers that never end are looked for. */
const firstSweep = 1_024;

/**
 * Keeps claims and records in this process, for one process or for tests. Above its bounds the older half of the records goes,
 * before their retention is over, and what they stood for may be handled again.
 * @throws TypeError for a bound that is none
 */
export function memoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  return new MemoryStore(options);
}

/** Answers at once. Records live in two generations, of which the older is dropped whole, so that forgetting costs nothing. */
export class MemoryStore implements IdempotencyStore {
  readonly #most: { readonly records: number; readonly bytes: number };
  readonly #clock: Pick<Clock, "now">;
  readonly #leases = new Map<string, Lease>();
  #young: Generation;
  #old: Generation;
  #sweepAbove = firstSweep;

  constructor({ maxRecords = 100_000, maxBytes = 64 * 2 ** 20, clock = systemClock }: MemoryStoreOptions) {
    this.#most = {
      records: wholeNumber(maxRecords, 2, "maxRecords") / 2,
      bytes: wholeNumber(maxBytes, 1, "maxBytes") / 2,
    };
    this.#clock = clock;
    this.#young = this.#old = new Generation(clock.now());
  }

  claim(key: string, owner: string, leaseMs: number): Claim {
    const now = this.#clock.now();
    const done = this.#young.find(key, now) ?? this.#old.find(key, now);
    if (done !== undefined) return done;
    const lease = this.#leases.get(key);
    if (lease !== undefined && lease.until > now) return { state: "busy", leftMs: lease.until - now };
    this.#leases.set(key, { owner, ms: leaseMs, until: now + leaseMs });
    if (this.#leases.size > this.#sweepAbove) this.#sweep(now);
    return "claimed";
  }

  renew(key: string, owner: string, leaseMs: number): boolean {
    const lease = this.#leases.get(key);
    if (lease?.owner !== owner) return false;
    this.#leases.set(key, { owner, ms: leaseMs, until: this.#clock.now() + leaseMs });
    return true;
  }

  complete(key: string, owner: string, record: Uint8Array | undefined, retentionMs: number): boolean {
    const lease = this.#leases.get(key);
    if (lease?.owner !== owner) return false;
    this.#leases.delete(key);
    // When it was claimed or last renewed: near enough, and without another look at the clock.
    const now = lease.until - lease.ms;
    if (this.#isFull(record?.length ?? 0) || now - this.#young.from >= retentionMs) {
      this.#old = this.#young;
      this.#young = new Generation(now);
    }
    this.#young.add(key, now + retentionMs, record);
    return true;
  }

  release(key: string, owner: string): void {
    if (this.#leases.get(key)?.owner === owner) this.#leases.delete(key);
  }

  #isFull(more: number): boolean {
    const { entries, bytes } = this.#young;
    return entries.size + 1 > this.#most.records || (bytes + more > this.#most.bytes && entries.size > 0);
  }

  #sweep(now: number): void {
    for (const [key, { until }] of this.#leases) if (until <= now) this.#leases.delete(key);
    this.#sweepAbove = Math.max(firstSweep, this.#leases.size * 2);
  }
}
