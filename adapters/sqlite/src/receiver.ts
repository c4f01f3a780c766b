import {
  addressOf,
  type Address,
  type Delivery,
  type Flow,
  type Inbox,
  type Receiver,
  Roster,
  type Settlement,
  type SettleResult,
  type Sink,
  toWaybillError,
  WaybillError,
} from "@waybill/core";
import type { Link } from "./link.ts";
import type { PlainSettlement } from "./protocol.ts";
import { type Held, pack, type Packed, type PackedRows, unpackRows } from "./wire.ts";

export interface ReceiverOptions {
  readonly number: number;
  readonly inbox: Inbox;
  readonly flow: Flow;
  readonly sink: Sink;
  /** The worker's end now, undefined while there is none. */
  readonly link: () => Link | undefined;
  readonly now: () => number;
  readonly closed: (receiver: SqliteReceiver) => void;
}

/** One member of an inbox: knows which deliveries are in the user's hands. What they mean to the file, the worker knows. */
export class SqliteReceiver implements Receiver {
  readonly ended: Promise<void>;
  readonly #options: ReceiverOptions;
  readonly #held = new Roster<Held>();
  readonly #end: PromiseWithResolvers<void>;
  #flow: Flow;
  #answeredAt: number;
  #state: "open" | "stopped" | "closed" = "open";

  constructor(options: ReceiverOptions) {
    this.#options = options;
    this.#flow = options.flow;
    this.#answeredAt = options.now();
    this.#end = Promise.withResolvers<void>();
    this.ended = this.#end.promise;
    // Nobody has to look.
    this.ended.catch(() => undefined);
  }

  get address(): string {
    return addressOf(this.#options.inbox);
  }

  get inbox(): Inbox {
    return this.#options.inbox;
  }

  /** Whether what it gets was settled before (ACK-6), and so has no lease that could end. */
  get isOnce(): boolean {
    return this.#flow.settle === "first";
  }

  /** Makes itself known to a worker, the first or (`again`) one that took over; says whether its inbox had to be made again. */
  async attach(link: Link, again: boolean): Promise<boolean> {
    const { number, inbox } = this.#options;
    const isNew = await link.ask("receive", { receiver: number, inbox, flow: this.#flow, again });
    this.#answeredAt = this.#options.now();
    if (this.#state !== "open") await link.ask("stop", { receiver: number });
    return isNew;
  }

  /** Its inbox was removed: what it held is gone, and it gets nothing more. */
  abandon(): void {
    const { source, group } = this.#options.inbox;
    const why = `group "${group}" of "${source}" was removed`;
    this.lose(undefined, why);
    this.#state = "closed";
    this.#options.closed(this);
    this.#end.reject(new WaybillError("MISSING", `${why}; subscribe again`));
  }

  /** Rows from the worker. */
  deliver(rows: PackedRows): void {
    this.#answeredAt = this.#options.now();
    const deliveries = unpackRows(rows);
    for (const delivery of deliveries) this.#held.add(delivery);
    if (this.#state !== "closed") this.#options.sink.deliver(deliveries);
  }

  /** These are others' now; without numbers, all of them. */
  lose(seqs: readonly number[] | undefined, why: string): void {
    const gone = seqs && new Set(seqs);
    const lost = this.#held.all().filter(({ seq }) => gone?.has(seq) ?? true);
    for (const delivery of lost) this.#held.delete(delivery);
    if (lost.length === 0 || this.#state === "closed") return;
    this.#options.sink.lost(
      lost,
      new WaybillError("LEASE_LOST", `the lease of ${lost.length} message(s) is over: ${why}`),
    );
  }

  /** Its lease has ended by our own clock. */
  lapse(): void {
    if (!this.isOnce) this.lose(undefined, "it was not renewed in time");
  }

  async settle(batch: readonly Settlement[]): Promise<readonly SettleResult[]> {
    // What is others' needs no answer of the file.
    if (!batch.some(({ delivery }) => isHeld(delivery))) return batch.map(() => "lost");
    const link = this.#options.link();
    if (link === undefined) return batch.map(({ delivery }) => (isHeld(delivery) ? unavailable() : "lost"));
    try {
      const lost = new Set(await this.#ask(link, batch));
      return batch.map(({ delivery }) => this.#settled(delivery, lost));
    } catch (error) {
      // One that cannot be settled must not keep back the others.
      if (batch.length > 1) return (await Promise.all(batch.map((one) => this.settle([one])))).flat();
      return batch.map(({ delivery }) => (isHeld(delivery) ? toWaybillError(error, "UNAVAILABLE") : "lost"));
    }
  }

  resize(flow: Flow): void {
    this.#flow = flow;
    this.#tell((link) => link.ask("resize", { receiver: this.#options.number, flow }));
  }

  pulse(): { readonly answeredAt: number; readonly shards: number | undefined } {
    return { answeredAt: this.#answeredAt, shards: undefined };
  }

  async stop(): Promise<void> {
    if (this.#state === "open") this.#state = "stopped";
    const receiver = this.#options.number;
    await this.#options
      .link()
      ?.ask("stop", { receiver })
      .catch(() => undefined);
  }

  async close(): Promise<void> {
    if (this.#state === "closed") return;
    this.#state = "closed";
    const receiver = this.#options.number;
    await this.#options
      .link()
      ?.ask("leave", { receiver })
      .catch(() => undefined);
    for (const delivery of this.#held.all()) this.#held.delete(delivery);
    this.#options.closed(this);
    this.#end.resolve();
  }

  #ask(link: Link, batch: readonly Settlement[]): Promise<readonly number[]> {
    const acks: number[] = [];
    const others: PlainSettlement[] = [];
    const effects: { readonly to: Address; readonly messages: Packed }[] = [];
    for (const settlement of batch) {
      if (!isHeld(settlement.delivery)) continue;
      const { seq } = settlement.delivery;
      if (settlement.outcome !== "ack") others.push(plain(settlement, seq));
      else if (settlement.sends.length === 0) acks.push(seq);
      else {
        const packed = settlement.sends.map(([to, message]) => effects.push({ to, messages: pack([message]) }) - 1);
        others.push({ seq, outcome: "ack", sends: packed });
      }
    }
    const buffers = effects.map(({ messages }) => messages.bodies.buffer);
    return link.ask("settle", { receiver: this.#options.number, acks, others, effects }, buffers);
  }

  #settled(delivery: Delivery, lost: ReadonlySet<number>): SettleResult {
    if (!isHeld(delivery)) return "lost";
    this.#held.delete(delivery);
    return lost.has(delivery.seq) ? "lost" : "settled";
  }

  #tell(say: (link: Link) => Promise<unknown>): void {
    const link = this.#options.link();
    // A worker that died meanwhile hears it from its successor's `attach`.
    if (link !== undefined) say(link).catch(() => undefined);
  }
}

/** Whether it is in the user's hands still, as far as this receiver knows. */
function isHeld(delivery: Delivery): delivery is Held {
  return (delivery as Held).place >= 0;
}

function plain(settlement: Exclude<Settlement, { outcome: "ack" }>, seq: number): PlainSettlement {
  switch (settlement.outcome) {
    case "release":
      return { seq, outcome: "release" };
    case "dead":
      return { seq, outcome: "dead", note: settlement.note };
    case "retry":
      return { seq, outcome: "retry", delayMs: settlement.delayMs, failed: settlement.failed, note: settlement.note };
  }
}

function unavailable(): WaybillError {
  return new WaybillError("UNAVAILABLE", "the database thread is being replaced");
}
