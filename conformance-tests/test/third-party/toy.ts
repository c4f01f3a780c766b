import {
  type Adapter,
  type AdapterContext,
  type Delivery,
  type Depth,
  type Flow,
  type Inbox,
  type Manifest,
  noteBytes,
  type Place,
  type Receiver,
  type SendResult,
  type Settlement,
  type SettleResult,
  type Sink,
  type Transport,
  WaybillError,
  type WireMessage,
} from "@waybill/core";

/* A third party's adapter: queues in one process, no topics, no order. It knows nothing of the suite. */

interface Entry extends WireMessage {
  readonly failures: number;
  readonly deliveries: number;
}

type Store = (name: string, messages: readonly WireMessage[]) => void;

interface Box {
  readonly ready: Entry[];
  readonly delayed: Set<Entry>;
  readonly dead: Entry[];
  readonly receivers: Set<ToyReceiver>;
}

const manifest: Manifest = {
  maxBytes: 2 ** 20,
  maxHeaderBytes: 32_768 - noteBytes,
  maxDelay: 0,
  maxHold: Infinity,
  leaseMs: 1_000,
  handoverMs: Infinity,
  retentionMs: Infinity,
  dedupeMs: 0,
  wiringMs: 0,
  sweepMs: 0,
  hideMs: 0,
  order: "none",
  attempts: "volatile",
  move: "atomic",
  settle: "confirmed",
  durability: "process",
  depth: "exact",
  can: new Set(),
};

const boxes = new Map<string, Box>();

export const adapter: Adapter = {
  name: "toy",
  schemes: ["toy:"],
  connect: (_url, context) => Promise.resolve(new ToyTransport(context)),
};

class ToyTransport implements Transport {
  readonly outbound: Transport["outbound"] = { depth: 1, maxBatch: 100 };
  readonly #namespace: string;
  readonly #verify: boolean;
  readonly #receivers = new Set<ToyReceiver>();

  constructor({ namespace, topology }: AdapterContext) {
    this.#namespace = namespace;
    this.#verify = topology === "verify";
  }

  supports(): Manifest {
    return manifest;
  }

  async declare(places: readonly Place[]): Promise<void> {
    for (const place of places) {
      const name = place.kind === "source" ? place.name : place.inbox.source;
      if (this.#verify && !boxes.has(this.#key(name)))
        throw new WaybillError("MISSING", `queue "${name}" is not there`);
      this.#box(name);
    }
  }

  remove(place: Place): Promise<void> {
    boxes.delete(this.#key(place.kind === "source" ? place.name : place.inbox.source));
    return Promise.resolve();
  }

  async send(to: Parameters<Transport["send"]>[0], messages: readonly WireMessage[]): Promise<readonly SendResult[]> {
    const name = to.kind === "source" ? to.name : to.kind === "inbox" ? to.inbox.source : undefined;
    if (name === undefined) throw new WaybillError("UNSUPPORTED", "toy: takes no replies");
    this.store(name, messages);
    await new Promise<void>((resolve) => void setImmediate(resolve));
    return messages.map(() => "stored");
  }

  receive(from: Inbox, flow: Flow, sink: Sink): Promise<Receiver> {
    const receiver = new ToyReceiver(this.#box(from.source), flow, sink, (name, messages) =>
      this.store(name, messages),
    );
    this.#receivers.add(receiver);
    return Promise.resolve(receiver);
  }

  depth({ source }: Inbox): Promise<Depth> {
    const { ready, delayed, dead, receivers } = this.#box(source);
    const inFlight = [...receivers].reduce((sum, { held }) => sum + held, 0);
    return Promise.resolve({
      ready: ready.length,
      inFlight,
      delayed: delayed.size,
      dead: dead.length,
      oldestAt: undefined,
    });
  }

  async walk({ source }: Inbox, visit: Parameters<Transport["walk"]>[1], signal: AbortSignal): Promise<void> {
    const { dead, ready, receivers } = this.#box(source);
    for (const entry of dead.slice()) {
      if (signal.aborted) return;
      const verdict = await visit({ ...entry, malformed: undefined });
      if (verdict === "stop") return;
      if (verdict === "keep") continue;
      dead.splice(dead.indexOf(entry), 1);
      if (verdict === "redrive") ready.push({ ...entry, failures: 0, deliveries: 0 });
      for (const receiver of receivers) receiver.pull();
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#receivers].map((receiver) => receiver.close()));
  }

  store(name: string, messages: readonly WireMessage[]): void {
    const { ready, receivers } = this.#box(name);
    for (const message of messages) ready.push({ ...message, body: message.body.slice(), failures: 0, deliveries: 0 });
    for (const receiver of receivers) receiver.pull();
  }

  #key(name: string): string {
    return JSON.stringify([this.#namespace, name]);
  }

  #box(name: string): Box {
    const known = boxes.get(this.#key(name));
    if (known !== undefined) return known;
    const made: Box = { ready: [], delayed: new Set(), dead: [], receivers: new Set() };
    boxes.set(this.#key(name), made);
    return made;
  }
}

class ToyReceiver implements Receiver {
  readonly address: string = "toy";
  readonly ended: Promise<void> = new Promise(() => undefined);
  readonly #box: Box;
  readonly #sink: Sink;
  readonly #store: Store;
  readonly #held = new Map<Delivery, Entry>();
  #flow: Flow;
  #stopped = false;

  constructor(box: Box, flow: Flow, sink: Sink, store: Store) {
    this.#box = box;
    this.#flow = flow;
    this.#sink = sink;
    this.#store = store;
    box.receivers.add(this);
    this.pull();
  }

  get held(): number {
    return this.#held.size;
  }

  pull(): void {
    setImmediate(() => {
      const batch: Delivery[] = [];
      while (!this.#stopped && this.#held.size < this.#flow.window) {
        this.#box.ready.sort((one, other) => other.priority - one.priority);
        const next = this.#box.ready[0];
        if (next === undefined || !this.#fits(next)) break;
        this.#box.ready.shift();
        const entry = { ...next, deliveries: next.deliveries + 1 };
        const delivery = { ...entry, malformed: undefined };
        this.#held.set(delivery, entry);
        batch.push(delivery);
      }
      if (batch.length > 0) this.#sink.deliver(batch);
    });
  }

  /** The first may be of any size. */
  #fits({ body }: Entry): boolean {
    const held = [...this.#held.keys()].reduce((sum, delivery) => sum + delivery.body.length, 0);
    return held === 0 || held + body.length <= this.#flow.bytes;
  }

  settle(batch: readonly Settlement[]): Promise<readonly SettleResult[]> {
    const results = batch.map((one): SettleResult => (this.#settle(one) ? "settled" : "lost"));
    for (const receiver of this.#box.receivers) receiver.pull();
    return Promise.resolve(results);
  }

  resize(flow: Flow): void {
    this.#flow = flow;
    this.pull();
  }

  pulse(): ReturnType<Receiver["pulse"]> {
    return { answeredAt: Date.now(), shards: undefined };
  }

  stop(): Promise<void> {
    this.#stopped = true;
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#stopped = true;
    for (const delivery of this.#held.keys()) this.#settle({ delivery, outcome: "release" });
    this.#box.receivers.delete(this);
    return Promise.resolve();
  }

  #settle(one: Settlement): boolean {
    const entry = this.#held.get(one.delivery);
    if (entry === undefined) return false;
    this.#held.delete(one.delivery);
    if (one.outcome === "release") this.#box.ready.unshift({ ...entry, deliveries: entry.deliveries - 1 });
    if (one.outcome === "dead") this.#box.dead.push({ ...entry, headers: { ...entry.headers, ...one.note } });
    if (one.outcome === "ack")
      for (const [to, message] of one.sends) if (to.kind === "source") this.#store(to.name, [message]);
    if (one.outcome === "retry") this.#retry(entry, one);
    return true;
  }

  #retry(entry: Entry, { delayMs, failed, note }: Extract<Settlement, { readonly outcome: "retry" }>): void {
    const counts = failed ? { failures: entry.failures + 1 } : { deliveries: entry.deliveries - 1 };
    const again = { ...entry, ...counts, headers: { ...entry.headers, ...note } };
    this.#box.delayed.add(again);
    const dueAt = Date.now() + delayMs;
    const wake = (): void => {
      // Node's timers may fire a ms early.
      if (Date.now() < dueAt) return void setTimeout(wake, dueAt - Date.now()).unref();
      if (this.#box.delayed.delete(again)) this.#box.ready.push(again);
      for (const receiver of this.#box.receivers) receiver.pull();
    };
    setTimeout(wake, Math.min(delayMs, 2 ** 31 - 1)).unref();
  }
}
