import {
  type Adapter,
  type AdapterContext,
  type Address,
  type Depth,
  type Flow,
  type Inbox,
  type Manifest,
  noteBytes,
  type Place,
  type Receiver,
  seededRandom,
  type SendResult,
  type Settlement,
  type Sink,
  toWaybillError,
  type Transport,
  type Visit,
  WaybillError,
  type WireMessage,
} from "@waybill/core";
import { copiesOf, deliveriesOf } from "./entry.ts";
import { MemoryReceiver } from "./receiver.ts";
import { Scheduler } from "./scheduler.ts";
import { Topology } from "./topology.ts";
import { parseUrl } from "./url.ts";

/** A broker inside this process: what transports of one name share. It lives as long as the process. */
interface Broker {
  readonly scheduler: Scheduler;
  readonly namespaces: Map<string, Topology>;
}

const brokers = new Map<string, Broker>();

/**
 * `memory:` keeps everything in this process: the reference for what every other adapter does. Transports with the same URL
 * share one broker; it goes by the clock of whoever came first.
 */
export const memory: Adapter = {
  name: "memory",
  schemes: ["memory:"],
  connect(url, context) {
    return Promise.resolve().then(() => {
      const { name, seed } = parseUrl(url);
      const { leaseMs } = optionsOf(context.options);
      let broker = brokers.get(name);
      if (broker === undefined) {
        const random = seed === undefined ? undefined : seededRandom(seed);
        broker = { scheduler: new Scheduler(random), namespaces: new Map() };
        brokers.set(name, broker);
      }
      return new MemoryTransport(broker, context, leaseMs);
    });
  },
};

/** Its `crash`, `freeze` and `thaw` are for tests: what a killed or stopped process does to its messages. */
export class MemoryTransport implements Transport {
  readonly outbound: Transport["outbound"] = { depth: 8, maxBatch: 512 };
  readonly #context: AdapterContext;
  readonly #topology: Topology;
  readonly #scheduler: Scheduler;
  readonly #leaseMs: number;
  readonly #receivers = new Set<MemoryReceiver>();
  readonly #manifest: Manifest;
  /** Keeps the process alive while connected, as a socket would. */
  readonly #alive: NodeJS.Timeout;
  #state: "open" | "closed" | "crashed" = "open";
  #yieldedAt: number;
  /** Answers since then, so that a clock that stands still or is set back starves nobody. */
  #answers = 0;

  constructor(broker: Broker, context: AdapterContext, leaseMs: number) {
    this.#context = context;
    this.#yieldedAt = context.clock.now();
    this.#scheduler = broker.scheduler;
    this.#leaseMs = leaseMs;
    this.#manifest = manifestOf(leaseMs);
    const known = broker.namespaces.get(context.namespace);
    this.#topology = known ?? new Topology(context.clock, broker.scheduler);
    broker.namespaces.set(context.namespace, this.#topology);
    this.#alive = setInterval(() => undefined, 2 ** 31 - 1);
  }

  supports(): Manifest {
    return this.#manifest;
  }

  declare(places: readonly Place[]): Promise<void> {
    return Promise.resolve().then(() => {
      this.#admit();
      for (const place of places) this.#topology.declare(place, this.#context.topology === "verify");
    });
  }

  remove(place: Place): Promise<void> {
    return Promise.resolve().then(() => {
      this.#admit();
      this.#topology.remove(place);
    });
  }

  async send(to: Address, messages: readonly WireMessage[]): Promise<readonly SendResult[]> {
    const result = this.#store(to, messages);
    await this.#breathe();
    return messages.map(() => result);
  }

  receive(from: Inbox, flow: Flow, sink: Sink): Promise<Receiver> {
    return Promise.resolve().then(() => {
      this.#admit();
      const receiver = new MemoryReceiver({
        box: this.#topology.box(from),
        flow,
        sink,
        clock: this.#context.clock,
        leaseMs: this.#leaseMs,
        store: (settlement) => this.#storeEffects(settlement),
        schedule: (box) => this.#scheduler.schedule(box),
        closed: (gone) => this.#closed(gone, from),
      });
      this.#receivers.add(receiver);
      return receiver;
    });
  }

  depth(inbox: Inbox): Promise<Depth> {
    return Promise.resolve().then(() => this.#topology.box(inbox).depth);
  }

  async walk(inbox: Inbox, visit: Visit, signal: AbortSignal): Promise<void> {
    const box = this.#topology.box(inbox);
    for (const entry of Array.from(box.dead)) {
      if (signal.aborted) return;
      if (!box.dead.has(entry)) continue;
      const [letter] = deliveriesOf([entry]);
      if (letter === undefined) return;
      const verdict = await visit(letter);
      if (verdict === "stop") return;
      if (verdict === "discard") box.discard(entry);
      if (verdict === "redrive") box.redrive(entry);
    }
  }

  async close(): Promise<void> {
    if (this.#state === "open") this.#state = "closed";
    clearInterval(this.#alive);
    await Promise.all([...this.#receivers].map((receiver) => receiver.close()));
  }

  /** As SIGKILL: nothing is given back or settled, leases run out. */
  crash(): void {
    this.#state = "crashed";
    clearInterval(this.#alive);
    for (const receiver of this.#receivers) receiver.crash();
  }

  /** As SIGSTOP past the lease, for its receivers. */
  freeze(): void {
    for (const receiver of this.#receivers) receiver.freeze();
  }

  /** As SIGCONT. */
  thaw(): void {
    for (const receiver of this.#receivers) receiver.thaw();
  }

  #store(to: Address, messages: readonly WireMessage[]): SendResult {
    try {
      this.#admit();
      const route = this.#topology.route(to);
      const now = this.#context.clock.now();
      for (const message of copiesOf(messages)) route.store(message, now);
      return "stored";
    } catch (error) {
      return { outcome: "refused", error: toWaybillError(error, "UNAVAILABLE") };
    }
  }

  /** All or nothing: every address is looked up before anything is stored. A reply nobody waits for is dropped (RPC-1). */
  #storeEffects(settlement: Settlement): WaybillError | undefined {
    if (this.#state === "crashed") return new WaybillError("UNAVAILABLE", "the transport has crashed");
    if (settlement.outcome !== "ack" || settlement.sends.length === 0) return undefined;
    try {
      const now = this.#context.clock.now();
      const sends = settlement.sends.filter(([to]) => !this.#topology.isGone(to));
      const routes = sends.map(([to]) => this.#topology.route(to));
      copiesOf(sends.map(([, message]) => message)).forEach((message, index) => routes[index]?.store(message, now));
      return undefined;
    } catch (error) {
      return toWaybillError(error, "UNAVAILABLE");
    }
  }

  #closed(receiver: MemoryReceiver, from: Inbox): void {
    this.#receivers.delete(receiver);
    if (from.ephemeral) this.#topology.remove({ kind: "inbox", inbox: from, start: { from: "now", reset: false } });
  }

  /** Answers need no I/O here, so now and then they wait for the timers and sockets of others. */
  async #breathe(): Promise<void> {
    const { clock } = this.#context;
    this.#answers += 1;
    if (clock.now() - this.#yieldedAt < 2 && this.#answers < 1_000) return;
    this.#answers = 0;
    await new Promise<void>((resolve) => void setImmediate(resolve));
    this.#yieldedAt = clock.now();
  }

  #admit(): void {
    if (this.#state !== "open") throw new WaybillError("CLOSED", "the memory transport is closed");
  }
}

function manifestOf(leaseMs: number): Manifest {
  return {
    maxBytes: 16 * 2 ** 20,
    maxHeaderBytes: 64 * 2 ** 10 - noteBytes,
    maxDelay: Infinity,
    maxHold: Infinity,
    leaseMs,
    handoverMs: Infinity,
    retentionMs: Infinity,
    dedupeMs: 0,
    wiringMs: 0,
    sweepMs: leaseMs,
    hideMs: 0,
    order: "key",
    attempts: "stored",
    move: "atomic",
    settle: "confirmed",
    durability: "process",
    depth: "exact",
    can: new Set(["topics", "patterns", "replay", "once", "rpc"]),
  };
}

function optionsOf(options: unknown): { readonly leaseMs: number } {
  const { leaseMs = 30_000, ...others } = (options ?? {}) as Readonly<Record<string, unknown>>;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined)
    throw new WaybillError("CONFIG", `memory: knows no option "${unknown}"; known is "leaseMs"`);
  if (typeof leaseMs === "number" && leaseMs > 0) return { leaseMs };
  throw new WaybillError("CONFIG", `memory: leaseMs is ${String(leaseMs)}; give a number of ms above 0`);
}
