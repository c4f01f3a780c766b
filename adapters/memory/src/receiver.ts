import {
  addressOf,
  Alarm,
  type Clock,
  type Delivery,
  type Flow,
  type Receiver,
  type Settlement,
  type SettleResult,
  type Sink,
  WaybillError,
} from "@waybill/core";
import type { Box } from "./box.ts";
import { deliveriesOf, type Entry } from "./entry.ts";

export interface ReceiverOptions {
  readonly box: Box;
  readonly flow: Flow;
  readonly sink: Sink;
  readonly clock: Clock;
  readonly leaseMs: number;
  /** Stores what a handler sent, in the same step as its ack (EFF-1). */
  readonly store: (settlement: Settlement) => WaybillError | undefined;
  readonly schedule: (box: Box) => void;
  readonly closed: (receiver: MemoryReceiver) => void;
}

/** One member of an inbox. All it holds has one lease, which it renews while it lives. */
export class MemoryReceiver implements Receiver {
  readonly ended: Promise<void>;
  readonly #options: ReceiverOptions;
  readonly #held = new Map<Delivery, Entry>();
  readonly #renewal: Alarm;
  readonly #end: (why?: WaybillError) => void;
  #flow: Flow;
  #bytes = 0;
  #state: "open" | "stopped" | "closed" = "open";
  #frozen = false;
  #answeredAt: number;

  constructor(options: ReceiverOptions) {
    this.#options = options;
    this.#flow = options.flow;
    this.#answeredAt = options.clock.now();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.ended = promise;
    this.ended.catch(() => undefined);
    this.#end = (why) => (why === undefined ? resolve() : reject(why));
    this.#renewal = new Alarm(options.clock, () => this.#expire());
    options.box.join(this);
    options.schedule(options.box);
  }

  get address(): string {
    return addressOf(this.#options.box.inbox);
  }

  get #settlesFirst(): boolean {
    return this.#options.flow.settle === "first";
  }

  /** How many messages it may be given now. */
  get room(): number {
    if (this.#state !== "open" || this.#frozen || this.#bytes >= this.#flow.bytes) return 0;
    return Math.max(0, this.#flow.window - this.#held.size);
  }

  /** What was delivered and not given back. */
  get held(): Iterable<Entry> {
    return this.#held.values();
  }

  /** Delivers up to `share` messages. */
  take(share: number): void {
    const { box, clock, sink } = this.#options;
    this.#answeredAt = clock.now();
    const entries: Entry[] = [];
    while (entries.length < share) {
      const isAlone = this.#held.size + entries.length === 0;
      const entry = box.claim(isAlone ? Infinity : this.#flow.bytes - this.#bytes);
      if (entry === undefined) break;
      if (this.#settlesFirst) box.settleFirst();
      this.#bytes += entry.body.length;
      entries.push(entry);
    }
    if (entries.length === 0) return;
    const batch = deliveriesOf(entries);
    for (const [index, entry] of entries.entries()) this.#held.set(batch[index] as Delivery, entry);
    sink.deliver(batch);
  }

  settle(batch: readonly Settlement[]): Promise<readonly SettleResult[]> {
    const results = batch.map((settlement) => this.#settle(settlement));
    this.#options.schedule(this.#options.box);
    return Promise.resolve(results);
  }

  resize(flow: Flow): void {
    this.#flow = flow;
    this.#options.schedule(this.#options.box);
  }

  pulse(): { readonly answeredAt: number; readonly shards: number | undefined } {
    return { answeredAt: this.#answeredAt, shards: undefined };
  }

  stop(): Promise<void> {
    if (this.#state === "open") this.#state = "stopped";
    return Promise.resolve();
  }

  close(): Promise<void> {
    if (this.#state === "closed") return Promise.resolve();
    for (const [delivery, entry] of this.#held) {
      this.#drop(delivery);
      this.#let(entry, { delivery, outcome: "release" });
    }
    this.#leave();
    return Promise.resolve();
  }

  /** As when its process is killed: it says nothing any more, and its lease runs out (ACK-2). */
  crash(): void {
    this.#state = "stopped";
    this.freeze();
  }

  /** As when its process is stopped: it renews no lease, until `thaw`. */
  freeze(): void {
    this.#frozen = true;
    const { clock, leaseMs } = this.#options;
    this.#renewal.set(clock.now() + leaseMs);
  }

  thaw(): void {
    this.#frozen = false;
    this.#renewal.clear();
    this.#options.schedule(this.#options.box);
  }

  /** The inbox was removed. */
  evict(): void {
    this.#losePossession("the inbox was removed");
    this.#leave(new WaybillError("MISSING", "the inbox was removed while it was consumed; subscribe again"));
  }

  #settle(settlement: Settlement): SettleResult {
    const entry = this.#held.get(settlement.delivery);
    if (entry === undefined) return "lost";
    const refused = this.#options.store(settlement);
    if (refused !== undefined) return refused;
    this.#drop(settlement.delivery);
    this.#let(entry, settlement);
    return "settled";
  }

  /** Lets go of what it was delivered, as decided. What was settled before it was delivered never comes back (ACK-6). */
  #let(entry: Entry, settlement: Settlement | "expired"): void {
    const { box } = this.#options;
    if (this.#settlesFirst) box.passOn(entry);
    else if (settlement === "expired") box.expire(entry);
    else box.settle(entry, settlement);
  }

  #drop(delivery: Delivery): void {
    this.#held.delete(delivery);
    this.#bytes -= delivery.body.length;
  }

  /** The lease of a member that renews no more has run out. */
  #expire(): void {
    this.#losePossession("it was not renewed in time");
    if (this.#state !== "open") this.#leave();
  }

  #losePossession(why: string): void {
    const { sink } = this.#options;
    const gone = [...this.#held];
    for (const [delivery, entry] of gone) {
      this.#drop(delivery);
      this.#let(entry, "expired");
    }
    if (gone.length === 0 || this.#state === "closed") return;
    const deliveries = gone.map(([delivery]) => delivery);
    sink.lost(deliveries, new WaybillError("LEASE_LOST", `the lease of ${gone.length} message(s) is over: ${why}`));
  }

  #leave(why?: WaybillError): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#renewal.clear();
    this.#options.box.leave(this);
    this.#options.closed(this);
    this.#end(why);
  }
}
