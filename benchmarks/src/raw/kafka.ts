import { randomUUID } from "node:crypto";
import { inParallel } from "../load.ts";
import { oneOrder } from "../schemas.ts";

/** How a message is written: as one document, or its attributes as headers beside the data. */
export type Mode = "structured" | "binary";

/** One order, with the headers and bytes that ours has. */
export interface RawRecord {
  readonly value: string;
  readonly headers: Readonly<Record<string, string>>;
}

export const partitions = 8;
/** Best of 100 to 1 000, with both clients. */
const batch = 500;
const random = randomUUID().slice(0, 24);
let made = 0;

/** What someone would write by hand who knows a client well: batches of its producer, each to one partition, acknowledged by all replicas. */
export abstract class RawKafka implements AsyncDisposable {
  protected readonly brokers: string[];
  protected topic = "";
  readonly #mode: Mode;

  constructor(url: string, mode: Mode = "structured") {
    this.brokers = [new URL(url).host];
    this.#mode = mode;
  }

  /** Starts with an empty topic. */
  async clear(): Promise<void> {
    this.topic = `raw-${randomUUID()}`;
    await this.create();
  }

  /** `inFlight` messages under way, in batches. */
  publish(count: number, inFlight: number): Promise<void> {
    return inParallel(count / batch, inFlight / batch, (index) => this.#publish(index % partitions, batch));
  }

  /** One message that is waited for. */
  publishOne(): Promise<void> {
    return this.#publish(0, 1);
  }

  /** All that is there, of a group that is new; offsets are committed once in a while. */
  abstract consume(count: number, handle: (data: unknown, headers: unknown) => void): Promise<void>;
  abstract [Symbol.asyncDispose](): Promise<void>;

  protected abstract create(): Promise<void>;
  protected abstract send(partition: number, records: readonly RawRecord[]): Promise<void>;

  #publish(partition: number, size: number): Promise<void> {
    const one = this.#mode === "structured" ? structured : binary;
    return this.send(partition, Array.from({ length: size }, one));
  }
}

const beforeId =
  '{"specversion":"1.0","type":"order.placed","source":"bench","datacontenttype":"application/json","dataversion":"1","id":"';

function structured(): RawRecord {
  const id = nextId();
  const data = JSON.stringify(oneOrder);
  return {
    value: `${beforeId}${id}","time":"${new Date().toISOString()}","correlationid":"${id}","data":${data}}`,
    headers: { "content-type": "application/cloudevents+json", waybill: `["${id}"]` },
  };
}

function binary(): RawRecord {
  const id = nextId();
  return {
    value: JSON.stringify(oneOrder),
    headers: {
      "content-type": "application/json",
      ce_specversion: "1.0",
      ce_type: "order.placed",
      ce_source: "bench",
      ce_dataversion: "1",
      ce_id: id,
      ce_time: new Date().toISOString(),
      ce_correlationid: id,
      waybill: `["${id}"]`,
    },
  };
}

function nextId(): string {
  made += 1;
  return `${random}${made.toString(16).padStart(12, "0")}`;
}
