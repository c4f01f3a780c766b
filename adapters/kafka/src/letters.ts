import { Buffer } from "node:buffer";
import { randomUUID } from "node:crypto";
import { type Inbox, type Visit, WaybillError } from "@waybill/core";
import { patiently } from "./cluster.ts";
import type { Fetched, NewRecord, StoredRecord } from "./driver.ts";
import { deadTopic } from "./names.ts";
import type { Outgoing } from "./outbox.ts";
import type { Shared } from "./shared.ts";
import { transactorOf } from "./transactor-of.ts";
import type { Transactor } from "./transactor.ts";
import { messageOf, type Read } from "./wire.ts";

/** They are shown one by one: few at once are enough. */
const maxBytes = 2 ** 20;

/** The dead letters of an inbox: a compacted topic, in which a tombstone takes one away. */
export class Letters {
  readonly #inbox: Inbox;
  readonly #shared: Shared;
  readonly #topic: string;
  /** Which record is the letter of a key now. */
  readonly #live = new Map<string, number>();
  /** What a letter is redriven by in one step. */
  #transactor: Transactor | undefined;
  readonly #name = randomUUID();
  #position = 0;
  #reading: Promise<void> = Promise.resolve();

  constructor(inbox: Inbox, shared: Shared) {
    this.#inbox = inbox;
    this.#shared = shared;
    this.#topic = deadTopic(shared.context.namespace, inbox);
  }

  async close(): Promise<void> {
    await this.#transactor?.close();
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
    const { outbox, settings, context } = this.#shared;
    const tombstone = { key: Buffer.from(key), value: undefined, headers: [], timestamp: context.clock.now() };
    if (verdict === "redrive" && settings.transactions) await this.#redriveInOneStep(letter, tombstone);
    else {
      if (verdict === "redrive") await this.#redrive(letter);
      const result = await outbox.write(this.#topic, tombstone, this.#deadline());
      if (result !== "stored") throw result.error;
    }
    return "on";
  }

  async #redrive(letter: Read): Promise<void> {
    const { outbox, router } = this.#shared;
    const [result] = await outbox.send(router.lanes(this.#inbox), [anew(letter)], this.#deadline());
    if (result !== undefined && result !== "stored") throw result.error;
  }

  async #redriveInOneStep(letter: Read, tombstone: NewRecord): Promise<void> {
    const { outbox, router, context } = this.#shared;
    this.#transactor ??= transactorOf(this.#shared, this.#inbox);
    const { clock } = context;
    const records = [
      await outbox.route(router.lanes(this.#inbox), anew(letter), 0),
      { topic: this.#topic, partition: 0, record: tombstone },
    ];
    await patiently("to redrive", { clock, deadline: this.#deadline() }, async () =>
      this.#transactor?.run({ by: this.#name, records }),
    );
  }

  /** Reads what came since. One at a time. */
  #read(): Promise<void> {
    this.#reading = this.#reading.catch(() => undefined).then(() => this.#readToEnd());
    return this.#reading;
  }

  async #readToEnd(): Promise<void> {
    const { topology, settings, context } = this.#shared;
    const [end] = await topology.offsetsOf([{ topic: this.#topic, partition: 0 }], -1, "all");
    if (end === undefined) return;
    if (end.offset < this.#position) {
      // The topic was made anew.
      this.#position = 0;
      this.#live.clear();
    }
    // What belongs to a transaction can be read in a moment, or its member is gone.
    const until = context.clock.now() + settings.requestTimeoutMs / 4;
    while (this.#position < end.offset) {
      const fetched = await this.#fetch(this.#position);
      for (const { key, value, offset } of fetched.records) {
        const name = Buffer.from(key ?? "").toString();
        this.#live.delete(name);
        if (value !== undefined) this.#live.set(name, offset);
      }
      const next = Math.max(fetched.next, fetched.start);
      if (next === this.#position && context.clock.now() >= until) return;
      this.#position = next;
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

/** As it goes to its inbox again. */
function anew(letter: Read): Outgoing {
  const counts = { failures: 0, deliveries: 0, life: letter.life + 1 };
  return { message: { ...letter, deliverAt: undefined }, counts };
}
