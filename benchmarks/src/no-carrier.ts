import type { Adapter, Delivery, Manifest, Settlement, Sink, WireMessage } from "@waybill/core";

/** Stores at once, delivers what it was first sent as often as asked, settles at once. */
export class NoCarrier {
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
