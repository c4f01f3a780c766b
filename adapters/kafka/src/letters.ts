import { Buffer } from "node:buffer";
import { type Inbox, type Visit, WaybillError } from "@waybill/core";
import { patiently } from "./cluster.ts";
import type { Fetched, StoredRecord } from "./driver.ts";
import { deadTopic } from "./names.ts";
import type { Shared } from "./shared.ts";
import { messageOf } from "./wire.ts";

/** They are shown one by one: few at once are enough. */
const maxBytes = 2 ** 20;

/** The dead letters of an inbox: a compacted topic, in which a tombstone takes one away. */
export class Letters {
  readonly #inbox: Inbox;
  readonly #shared: Shared;
  readonly #topic: string;
  /** Which record is the letter of a key now. */
  readonly #live = new Map<string, number>();
  #position = 0;
  #reading: Promise<void> = Promise.resolve();

  constructor(inbox: Inbox, shared: Shared) {
    this.#inbox = inbox;
    this.#shared = shared;
    this.#topic = deadTopic(shared.context.namespace, inbox);
  }

  async count(): Promise<number> {
    await this.#read();
    return this.#live.size;
  }

  /** Shows each once, the oldest first. @throws WaybillError */
  async walk(visit: Visit, signal: AbortSignal): Promise<void> {
    await this.#read();
    const wanted = new Map([...this.#live].map(([key, offset]) => [offset, key]));
    const end = Math.max(-1, ...wanted.keys()) + 1;
    let position = Math.min(end, ...wanted.keys());
    while (position < end && !signal.aborted) {
      const fetched = await this.#fetch(position);
      for (const record of fetched.records) {
        const key = wanted.get(record.offset);
        if (key === undefined || signal.aborted) continue;
        if ((await this.#show(record, key, visit)) === "stop") return;
      }
      position = Math.max(fetched.next, fetched.start);
    }
  }

  async #show(record: StoredRecord, key: string, visit: Visit): Promise<"stop" | "on"> {
    const letter = messageOf(
      { ...record, key: undefined },
      { topic: this.#topic, partition: 0, source: this.#inbox.source },
    );
    const verdict = await visit(letter);
    if (verdict === "stop") return "stop";
    if (verdict === "keep") return "on";
    const { outbox, router } = this.#shared;
    if (verdict === "redrive") {
      const message = { ...letter, deliverAt: undefined };
      const counts = { failures: 0, deliveries: 0, life: letter.life + 1 };
      const [result] = await outbox.send(router.lanes(this.#inbox), [{ message, counts }], this.#deadline());
      if (result !== undefined && result !== "stored") throw result.error;
    }
    const tombstone = {
      key: Buffer.from(key),
      value: undefined,
      headers: [],
      timestamp: this.#shared.context.clock.now(),
    };
    const result = await outbox.write(this.#topic, tombstone, this.#deadline());
    if (result !== "stored") throw result.error;
    return "on";
  }

  /** Reads what came since. One at a time. */
  #read(): Promise<void> {
    this.#reading = this.#reading.catch(() => undefined).then(() => this.#readToEnd());
    return this.#reading;
  }

  async #readToEnd(): Promise<void> {
    const [end] = await this.#shared.topology.offsetsOf([{ topic: this.#topic, partition: 0 }], -1);
    if (end === undefined) return;
    if (end.offset < this.#position) {
      // The topic was made anew.
      this.#position = 0;
      this.#live.clear();
    }
    while (this.#position < end.offset) {
      const fetched = await this.#fetch(this.#position);
      for (const { key, value, offset } of fetched.records) {
        const name = Buffer.from(key ?? "").toString();
        this.#live.delete(name);
        if (value !== undefined) this.#live.set(name, offset);
      }
      this.#position = Math.max(fetched.next, fetched.start);
    }
  }

  #fetch(offset: number): Promise<Fetched> {
    const { clock } = this.#shared.context;
    const at = { topic: this.#topic, partition: 0 };
    return patiently("to read dead letters", { clock, deadline: this.#deadline() }, async () => {
      const node = await this.#shared.cluster.leaderOf(this.#topic, 0);
      const [fetched] = await this.#shared.session.fetch(node, [{ ...at, offset, maxBytes }], {
        waitMs: 100,
        maxBytes,
      });
      if (fetched?.error === undefined && fetched !== undefined) return fetched;
      this.#shared.cluster.forget(this.#topic);
      throw new WaybillError("UNAVAILABLE", `kafka: the dead letters cannot be read: ${fetched?.error ?? "no answer"}`);
    });
  }

  #deadline(): number {
    return this.#shared.context.clock.now() + 2 * this.#shared.settings.requestTimeoutMs;
  }
}
