import {
  type Adapter,
  bytes,
  connect,
  type Delivery,
  type Manifest,
  type Settlement,
  type Sink,
  topic,
  type WireMessage,
} from "@waybill/core";
import type { Figure } from "../figure.ts";
import { inParallel } from "../load.ts";
import { anything, oneKilobyte } from "../schemas.ts";

const to = topic("order.bytes", { schema: anything, codec: bytes });
const count = 300_000;

/** Core's own work for a message, in CPU time: the codec lets bytes through, the carrier does nothing, three middlewares. */
export async function measure(): Promise<readonly Figure[]> {
  const carrier = new NoCarrier();
  await using bus = await connect("none:", { adapters: [carrier.adapter] });
  for (const name of ["one", "two", "three"]) {
    bus.use({ name, handle: (next) => (message) => next(message), publish: (next) => (outgoing) => next(outgoing) });
  }
  await using plain = await connect("none:", { adapters: [carrier.adapter] });
  await bus.subscribe(to, { group: "bench", concurrency: 100 }, () => Promise.resolve());
  const publish = (through: typeof bus): Promise<number> =>
    cpu(() => inParallel(count, 1_000, () => through.publish(to, oneKilobyte)));
  await publish(plain);
  const without = await publish(plain);
  await publish(bus);
  const wrapped = await publish(bus);
  // Twice, so that what is compiled while it warms up is not counted.
  await carrier.deliver(count);
  await carrier.deliver(count);
  const consume = await cpu(() => carrier.deliver(count));
  return [
    { what: "core's publish without codec", unit: "µs", value: without, better: "less", goal: 1.5 },
    { what: "core's publish without codec, three publish middlewares", unit: "µs", value: wrapped, better: "less" },
    { what: "core's consume without codec, three middlewares", unit: "µs", value: consume, better: "less", goal: 1 },
  ];
}

async function cpu(work: () => Promise<void>): Promise<number> {
  const from = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(from);
  return (user + system) / count;
}

/** Stores at once, delivers what it was first sent as often as asked, settles at once. */
class NoCarrier {
  readonly #samples: WireMessage[] = [];
  #sink: Sink | undefined;
  #settled = 0;
  #wake: () => void = () => undefined;

  get adapter(): Adapter {
    return {
      name: "none",
      schemes: ["none:"],
      connect: () =>
        Promise.resolve({
          outbound: { depth: 8, maxBatch: 512 },
          supports: () => manifest,
          declare: () => Promise.resolve(),
          remove: () => Promise.resolve(),
          send: (_to, messages) => this.#send(messages),
          receive: (_from, _flow, sink) => {
            this.#sink = sink;
            return Promise.resolve({
              address: "",
              ended: new Promise<void>(() => undefined),
              settle: (batch: readonly Settlement[]) => this.#settle(batch),
              resize: () => undefined,
              pulse: () => ({ answeredAt: 0, shards: undefined }),
              stop: () => Promise.resolve(),
              close: () => Promise.resolve(),
            });
          },
          depth: () => Promise.reject(new Error("not asked for")),
          walk: () => Promise.resolve(),
          close: () => Promise.resolve(),
        }),
    };
  }

  /** Delivers in batches of 250, a thousand at most unsettled. */
  async deliver(total: number): Promise<void> {
    this.#settled = 0;
    for (let given = 0; given < total; given += 250) {
      while (given - this.#settled > 750) await new Promise<void>((resolve) => (this.#wake = resolve));
      const batch: Delivery[] = [];
      for (const sample of this.#samples) batch.push({ ...sample, failures: 0, deliveries: 1, malformed: undefined });
      this.#sink?.deliver(batch);
    }
    while (this.#settled < total) await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  async #send(messages: readonly WireMessage[]): Promise<readonly "stored"[]> {
    if (this.#samples.length < 250) this.#samples.push(...messages.slice(0, 250 - this.#samples.length));
    await new Promise<void>((resolve) => void setImmediate(resolve));
    return messages.map(() => "stored");
  }

  #settle(batch: readonly Settlement[]): Promise<readonly "settled"[]> {
    this.#settled += batch.length;
    this.#wake();
    return Promise.resolve(batch.map(() => "settled"));
  }
}

const manifest: Manifest = {
  maxBytes: Infinity,
  maxHeaderBytes: 65_536,
  maxDelay: Infinity,
  maxHold: Infinity,
  leaseMs: Infinity,
  handoverMs: 0,
  retentionMs: Infinity,
  dedupeMs: 0,
  wiringMs: 0,
  sweepMs: Infinity,
  hideMs: 0,
  order: "none",
  attempts: "volatile",
  move: "copy",
  settle: "written",
  durability: "none",
  depth: "approximate",
  can: new Set(["topics"]),
};
