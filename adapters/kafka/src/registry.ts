import { Buffer } from "node:buffer";
import { randomUUID } from "node:crypto";
import { type Clock, type Inbox, type Shape, WaybillError } from "@waybill/core";
import { type Cluster, patiently } from "./cluster.ts";
import type { NewRecord, NewTopic, Partition, Session, StoredRecord } from "./driver.ts";
import {
  begunKey,
  type Born,
  type Entry,
  entryFrom,
  entryKey,
  type InboxEntry,
  inboxKey,
  type ReturnedEntry,
  type SourceEntry,
  sourceKey,
} from "./registry-entry.ts";
import { isAnswer } from "./errors.ts";

interface Options {
  readonly topic: NewTopic;
  readonly session: Session;
  /** For the long polls of who listens. */
  readonly openTail: () => Session;
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly boundMs: number;
}

const maxBytes = 2 ** 20;
const tailMs = 1_000;

/**
 * What there is in a namespace: one partition, in which the first to write an entry is right, so that all agree without a lock. An entry
 * that changes names the one it replaces.
 */
export class Registry {
  readonly #options: Options;
  readonly #entries = new Map<string, Born>();
  readonly #listeners = new Set<() => void>();
  #position = 0;
  #reading: Promise<void> | undefined;
  #queued: Promise<void> | undefined;
  #tail: Session | undefined;
  #isClosed = false;

  constructor(options: Options) {
    this.#options = options;
  }

  /** Makes it where it is not there. */
  async create(): Promise<void> {
    const { topic, session } = this.#options;
    await this.#patiently("to make the list of what there is", async () => {
      if ((await this.#options.cluster.partitionsOf(topic.name)) === undefined)
        await session.createTopics([topic]).catch((error: unknown) => {
          if (!isAnswer(error, "TOPIC_ALREADY_EXISTS")) throw error;
        });
      await this.#options.cluster.leaderOf(topic.name, 0).catch((error: unknown) => {
        this.#options.cluster.forget(topic.name);
        throw error instanceof WaybillError && error.code === "MISSING"
          ? new WaybillError("UNAVAILABLE", error.message)
          : error;
      });
    });
  }

  /** Whether there is one at all. */
  async isThere(): Promise<boolean> {
    return (await this.#options.cluster.partitionsOf(this.#options.topic.name)) !== undefined;
  }

  source(name: string): Born<SourceEntry> | undefined {
    const entry = this.#entries.get(sourceKey(name));
    return entry?.kind === "source" ? entry : undefined;
  }

  inbox(
    inbox: Pick<Inbox, "source" | "group"> & { readonly shape: Pick<Shape, "kind"> },
  ): Born<InboxEntry> | undefined {
    const entry = this.#entries.get(inboxKey(inbox));
    return entry?.kind === "inbox" ? entry : undefined;
  }

  hasBegun(entry: Born<InboxEntry>): boolean {
    return this.#entries.has(begunKey(entry.birth));
  }

  sources(): readonly Born<SourceEntry>[] {
    return [...this.#entries.values()].filter((entry) => entry.kind === "source");
  }

  inboxes(): readonly Born<InboxEntry>[] {
    return [...this.#entries.values()].filter((entry) => entry.kind === "inbox");
  }

  /** What was returned to the inbox of this birth and is not taken note of. */
  returned(birth: string): readonly ReturnedEntry[] {
    return [...this.#entries.values()].filter((entry) => entry.kind === "returned").filter(({ of }) => of === birth);
  }

  /** Writes an entry that is nobody else's to write. */
  async note(entry: ReturnedEntry): Promise<void> {
    await this.#append(entryKey(entry), { ...entry, birth: randomUUID() });
  }

  /** The same entry as a record, for whoever writes it together with others. */
  noteOf(entry: ReturnedEntry): Partition & { readonly record: NewRecord } {
    const record = this.#record(entryKey(entry), { ...entry, birth: randomUUID() });
    return { topic: this.#options.topic.name, partition: 0, record };
  }

  /**
   * Reads as far as one can: to the end, or to where somebody's transaction is open. Whoever asks while it is being read gets what could
   * be read before it asked.
   */
  async read(): Promise<void> {
    if (this.#reading === undefined) {
      this.#reading = this.#readTo("readable").finally(() => {
        this.#reading = undefined;
      });
      return this.#reading;
    }
    this.#queued ??= this.#reading
      .catch(() => undefined)
      .then(() => {
        this.#queued = undefined;
        return this.read();
      });
    return this.#queued;
  }

  /** Reads to the end, also behind what is open for now. */
  readAll(): Promise<void> {
    return this.#readTo("all");
  }

  /** Writes an entry; gives the one that is right, which is another's where that came first. */
  async propose<E extends Entry>(entry: E, replaces?: Born<E>): Promise<Born<E>> {
    const key = entryKey(entry);
    const birth = randomUUID();
    const at = await this.#append(key, {
      ...entry,
      birth,
      ...(replaces !== undefined && { replaces: replaces.birth }),
    });
    await this.#patiently("to read what was written down", () => this.#readUpTo(at + 1));
    const winner = this.#entries.get(key);
    if (winner === undefined)
      throw new WaybillError("UNAVAILABLE", "kafka: it was removed while it was made; try again");
    // What is last is what compaction keeps.
    if (winner.birth !== birth) await this.#append(key, winner);
    return winner as unknown as Born<E>;
  }

  async forget(entry: Entry): Promise<void> {
    await this.#append(entryKey(entry), undefined);
    await this.read();
  }

  /** Calls back after every change, until it is told not to. */
  listen(changed: () => void): () => void {
    this.#listeners.add(changed);
    if (this.#tail === undefined && !this.#isClosed) {
      this.#tail = this.#options.openTail();
      void this.#follow(this.#tail);
    }
    return () => void this.#listeners.delete(changed);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#tail?.close();
  }

  #readTo(which: "readable" | "all"): Promise<void> {
    const { topic, session, cluster } = this.#options;
    const at = { topic: topic.name, partition: 0 };
    return this.#patiently("to read what there is", async () => {
      const [end] = await session.offsets(await this.#leader(), [{ ...at, at: -1 }], which).catch((error: unknown) => {
        cluster.forget(topic.name);
        throw error;
      });
      await this.#readUpTo(end?.offset ?? 0);
    });
  }

  /** @throws WaybillError `UNAVAILABLE` where it gets no further for as long as it may take */
  async #readUpTo(end: number): Promise<void> {
    const { session, clock, boundMs } = this.#options;
    for (let [at, since] = [this.#position, clock.now()]; this.#position < end;) {
      await this.#fetch(session, await this.#leader(), 100);
      if (this.#position !== at) [at, since] = [this.#position, clock.now()];
      else if (clock.now() >= since + boundMs)
        throw new WaybillError("UNAVAILABLE", "kafka: a transaction in the list of what there is was not ended");
    }
  }

  async #follow(tail: Session): Promise<void> {
    const { clock } = this.#options;
    while (!this.#isClosed) {
      try {
        // Who reads to the end reads for us, too.
        if (this.#reading !== undefined) await this.#reading;
        else await this.#fetch(tail, await this.#leader(), tailMs);
      } catch {
        this.#options.cluster.forget(this.#options.topic.name);
        await new Promise<void>((resolve) => void clock.after(200, resolve));
      }
    }
  }

  async #leader(): Promise<number> {
    return this.#options.cluster.leaderOf(this.#options.topic.name, 0);
  }

  async #fetch(session: Session, node: number, waitMs: number): Promise<void> {
    const at = { topic: this.#options.topic.name, partition: 0 };
    const asked = this.#position;
    const [answer] = await session.fetch(node, [{ ...at, offset: asked, maxBytes }], { waitMs, maxBytes });
    if (answer?.error === "OFFSET_OUT_OF_RANGE") {
      // It was made anew.
      this.#entries.clear();
      this.#position = 0;
      throw new WaybillError("UNAVAILABLE", "kafka: the list of what there is was made anew");
    }
    if (answer?.error !== undefined)
      throw new WaybillError("UNAVAILABLE", `kafka: the list of what there is: ${answer.error}`);
    if (answer === undefined || this.#position !== asked) return;
    for (const record of answer.records) this.#apply(record);
    this.#position = answer.next;
    if (answer.records.length > 0) for (const changed of this.#listeners) changed();
  }

  #apply({ key, value }: StoredRecord): void {
    if (key === undefined) return;
    const name = Buffer.from(key).toString();
    if (value === undefined) {
      this.#entries.delete(name);
      return;
    }
    const entry = entryFrom(value);
    const known = this.#entries.get(name);
    if (entry === undefined) return;
    if (known === undefined || entry.replaces === known.birth) this.#entries.set(name, entry);
  }

  async #append(key: string, entry: object | undefined): Promise<number> {
    const { topic, session } = this.#options;
    const record = this.#record(key, entry);
    return this.#patiently("to write down what there is", async () => {
      try {
        return await session.produce(await this.#leader(), { topic: topic.name, partition: 0 }, [record]);
      } catch (error) {
        this.#options.cluster.forget(topic.name);
        throw error;
      }
    });
  }

  #record(key: string, entry: object | undefined): NewRecord {
    const value = entry === undefined ? undefined : Buffer.from(JSON.stringify(entry));
    return { key: Buffer.from(key), value, headers: [], timestamp: this.#options.clock.now() };
  }

  #patiently<T>(what: string, work: () => Promise<T>): Promise<T> {
    const { clock, boundMs } = this.#options;
    return patiently(what, { clock, deadline: clock.now() + boundMs }, work);
  }
}
