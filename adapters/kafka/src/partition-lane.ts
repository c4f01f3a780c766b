import { type Backoff, type Clock, Fifo, type SendResult, WaybillError } from "@waybill/core";
import type { Cluster } from "./cluster.ts";
import { DriverError, type NewRecord, type Producer, type Session } from "./driver.ts";
import { isAnswer, isUnreachable, movedReasons, toError } from "./errors.ts";
import type { Watch } from "./watch.ts";
import { sizeOf } from "./wire.ts";

/** Records of one call for one partition: where one is not stored, those behind it are not either. */
export interface Parcel {
  readonly record: NewRecord;
  readonly call: Call;
  readonly answer: (result: SendResult) => void;
}

export interface Call {
  readonly deadline: number;
  isBroken: boolean;
}

export interface LaneOptions {
  readonly topic: string;
  readonly partition: number;
  readonly session: Session;
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly backoff: Backoff;
  readonly watch: Watch;
  readonly maxBytes: number;
  /** The name under which records are numbered: all lanes' own at first, after trouble one of this lane's own. */
  readonly producer: (own: boolean) => Promise<Producer>;
}

const mostRecords = 2_000;
/** How often what passes by itself is tried again before it is told. */
const mostMoments = 20;
const momentMs = 100;
const lastSequence = 2 ** 31 - 1;

/** One partition on the way out: one request in flight, while the next batch gathers, so that its order is kept. */
export class PartitionLane {
  readonly #options: LaneOptions;
  readonly #waiting = new Fifo<Parcel>();
  #isSending = false;
  #producer: Producer | undefined;
  #sequence = 0;
  #hasNumbered = false;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /** How many wait. */
  get length(): number {
    return this.#waiting.length;
  }

  get isIdle(): boolean {
    return !this.#isSending && this.#waiting.length === 0;
  }

  push(parcel: Parcel): void {
    this.#waiting.push(parcel);
    if (this.#isSending) return;
    this.#isSending = true;
    // What is pushed in one turn goes together.
    queueMicrotask(() => void this.#run());
  }

  async #run(): Promise<void> {
    for (let batch = this.#next(); batch.length > 0; batch = this.#next()) await this.#send(batch);
    this.#isSending = false;
  }

  #next(): readonly Parcel[] {
    const batch: Parcel[] = [];
    let bytes = 100;
    const now = this.#options.clock.now();
    while (batch.length < mostRecords) {
      const parcel = this.#waiting.peek();
      if (parcel === undefined) break;
      if (parcel.call.isBroken || parcel.call.deadline <= now) {
        this.#waiting.shift();
        parcel.call.isBroken = true;
        parcel.answer(behind);
        continue;
      }
      const size = sizeOf(parcel.record);
      if (batch.length > 0 && bytes + size > this.#options.maxBytes) break;
      this.#waiting.shift();
      bytes += size;
      batch.push(parcel);
    }
    return batch;
  }

  /**
   * Under the same number until there is an answer, so that what was stored without our hearing of it is not stored again behind what
   * came after it.
   */
  async #send(batch: readonly Parcel[]): Promise<void> {
    const { clock, backoff } = this.#options;
    const until = Math.max(...batch.map(({ call }) => call.deadline));
    let isUnknown = false;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#store(batch);
        for (const { answer } of batch) answer("stored");
        return;
      } catch (error) {
        if (isTooLarge(error) && batch.length > 1 && !isUnknown) return this.#halve(batch);
        if (isForgotten(error)) this.#producer = undefined;
        isUnknown ||= !isCertain(error);
        const isOver = clock.now() >= until;
        if (isOver) this.#producer = undefined;
        const noted = await this.#noted(error);
        // What passes in a moment, such as a leader that is new, is no failure yet.
        const passes = isUnknown || (!isUnreachable(error) && noted.transient && attempt <= mostMoments);
        if (isOver || !passes) return this.#failed(batch, noted, isUnknown, isTooLarge(error));
      }
      const pauseMs = Math.min(backoff(attempt), isUnknown ? 1_000 : momentMs);
      await new Promise<void>((resolve) => void clock.after(pauseMs, resolve));
    }
  }

  async #store(batch: readonly Parcel[]): Promise<void> {
    const { topic, partition, session, cluster, watch } = this.#options;
    if (this.#producer === undefined || this.#sequence + batch.length > lastSequence) {
      this.#producer = await this.#options.producer(this.#hasNumbered);
      this.#hasNumbered = true;
      this.#sequence = 0;
    }
    const node = await cluster.leaderOf(topic, partition);
    const records = batch.map(({ record }) => record);
    const as = { producer: this.#producer, sequence: this.#sequence };
    await session.produce(node, { topic, partition }, records, as).catch((error: unknown) => {
      if (!isAnswer(error, "DUPLICATE_SEQUENCE_NUMBER")) throw error;
    });
    this.#sequence += batch.length;
    watch.worked();
  }

  /** Finds alone what is too large; the rest goes. */
  async #halve(batch: readonly Parcel[]): Promise<void> {
    const middle = Math.ceil(batch.length / 2);
    await this.#send(batch.slice(0, middle));
    const rest = batch.slice(middle);
    for (const parcel of rest.filter(({ call }) => call.isBroken)) parcel.answer(behind);
    const going = rest.filter(({ call }) => !call.isBroken);
    if (going.length > 0) await this.#send(going);
  }

  #failed(batch: readonly Parcel[], error: WaybillError, isUnknown: boolean, isTooLargeAlone: boolean): void {
    const outcome = isUnknown ? "unknown" : "refused";
    for (const { call, answer } of batch) {
      if (!isTooLargeAlone) call.isBroken = true;
      answer({ outcome, error });
    }
  }

  /** What it says of the brokers is for others to know, too. */
  async #noted(thrown: unknown): Promise<WaybillError> {
    const { topic, cluster, watch } = this.#options;
    const error = toError(thrown, `to store in ${topic}`);
    if (isUnreachable(thrown)) watch.failed(error);
    if (isUnreachable(thrown) || isAnswer(thrown, ...movedReasons) || error.code === "MISSING") cluster.forget(topic);
    return error.code === "MISSING" ? this.#missing(error) : error;
  }

  /** One that was only not known yet is tried again. */
  async #missing(error: WaybillError): Promise<WaybillError> {
    const { topic, cluster } = this.#options;
    const there = await cluster.partitionsOf(topic).catch(() => []);
    if (there !== undefined) return new WaybillError("UNAVAILABLE", error.message);
    return new WaybillError("NO_ROUTE", `kafka: the topic ${topic} is not there; it was never declared, or removed`);
  }
}

const behind: SendResult = {
  outcome: "refused",
  error: new WaybillError("UNAVAILABLE", "kafka: what was sent before it to the same partition was not stored"),
};

function isTooLarge(thrown: unknown): boolean {
  return isAnswer(thrown, "MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE");
}

/** Whether the broker does not know any more what it has stored of ours. */
function isForgotten(thrown: unknown): boolean {
  const reasons = ["OUT_OF_ORDER_SEQUENCE_NUMBER", "UNKNOWN_PRODUCER_ID", "INVALID_PRODUCER_EPOCH"];
  return isAnswer(thrown, ...reasons, "INVALID_PRODUCER_ID_MAPPING");
}

/** Whether nothing was stored for certain. */
function isCertain(thrown: unknown): boolean {
  if (!(thrown instanceof DriverError)) return thrown instanceof WaybillError;
  if (thrown.kind === "lost") return false;
  return !["REQUEST_TIMED_OUT", "NOT_ENOUGH_REPLICAS_AFTER_APPEND", "KAFKA_STORAGE_ERROR"].includes(thrown.reason);
}
