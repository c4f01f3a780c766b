import { type Clock, systemClock } from "./clock.ts";
import { wholeNumber } from "./duration.ts";
import { Fifo } from "./fifo.ts";
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
  until: number;
}

interface Entry {
  readonly key: string;
  readonly until: number;
  readonly record: Uint8Array | undefined;
}

/** From how many claims on those of handlers that never end are looked for. */
const firstSweep = 1_024;

/**
 * Keeps claims and records in this process, for one process or for tests. Above its bounds the oldest records go, before their
 * retention is over, and what they stood for may be handled again.
 * @throws TypeError for a bound that is none
 */
export function memoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  return new MemoryStore(options);
}

/** Answers at once. */
export class MemoryStore implements IdempotencyStore {
  readonly #maxRecords: number;
  readonly #maxBytes: number;
  readonly #clock: Pick<Clock, "now">;
  readonly #leases = new Map<string, Lease>();
  readonly #records = new Map<string, Entry>();
  /** All records and those that were replaced, the oldest first. */
  readonly #byAge = new Fifo<Entry>();
  #bytes = 0;
  #sweepAbove = firstSweep;

  constructor({ maxRecords = 100_000, maxBytes = 64 * 2 ** 20, clock = systemClock }: MemoryStoreOptions) {
    this.#maxRecords = wholeNumber(maxRecords, 1, "maxRecords");
    this.#maxBytes = wholeNumber(maxBytes, 1, "maxBytes");
    this.#clock = clock;
  }

  claim(key: string, owner: string, leaseMs: number): Claim {
    const now = this.#clock.now();
    const entry = this.#records.get(key);
    if (entry !== undefined && entry.until > now) return { state: "done", record: entry.record };
    const lease = this.#leases.get(key);
    if (lease !== undefined && lease.until > now) return { state: "busy", leftMs: lease.until - now };
    this.#leases.set(key, { owner, until: now + leaseMs });
    if (this.#leases.size > this.#sweepAbove) this.#sweep(now);
    return "claimed";
  }

  renew(key: string, owner: string, leaseMs: number): boolean {
    const lease = this.#leases.get(key);
    if (lease?.owner !== owner) return false;
    lease.until = this.#clock.now() + leaseMs;
    return true;
  }

  complete(key: string, owner: string, record: Uint8Array | undefined, retentionMs: number): boolean {
    if (this.#leases.get(key)?.owner !== owner) return false;
    this.#leases.delete(key);
    const now = this.#clock.now();
    this.#forget(this.#records.get(key));
    const entry: Entry = { key, until: now + retentionMs, record };
    this.#records.set(key, entry);
    this.#byAge.push(entry);
    this.#bytes += entry.record?.length ?? 0;
    this.#evict(now);
    return true;
  }

  release(key: string, owner: string): void {
    if (this.#leases.get(key)?.owner === owner) this.#leases.delete(key);
  }

  #evict(now: number): void {
    for (let oldest = this.#byAge.peek(); oldest !== undefined; oldest = this.#byAge.peek()) {
      const fits = this.#records.size <= this.#maxRecords && this.#bytes <= this.#maxBytes;
      if (fits && oldest.until > now && this.#records.get(oldest.key) === oldest) return;
      this.#byAge.shift();
      this.#forget(oldest);
    }
  }

  #forget(entry: Entry | undefined): void {
    if (entry === undefined || this.#records.get(entry.key) !== entry) return;
    this.#records.delete(entry.key);
    this.#bytes -= entry.record?.length ?? 0;
  }

  #sweep(now: number): void {
    for (const [key, { until }] of this.#leases) if (until <= now) this.#leases.delete(key);
    this.#sweepAbove = Math.max(firstSweep, this.#leases.size * 2);
  }
}
