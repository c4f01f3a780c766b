import { randomUUID } from "node:crypto";
import {
  Admin,
  Consumer,
  MessagesStreamModes,
  Producer,
  stringDeserializers,
  stringSerializers,
} from "@platformatic/kafka";
import { inParallel } from "../load.ts";
import { oneOrder } from "../schemas.ts";

const partitions = 8;
/** Best of 100 to 1 000. */
const batch = 500;
const clientId = "raw";
const beforeId =
  '{"specversion":"1.0","type":"order.placed","source":"bench","datacontenttype":"application/json","dataversion":"1","id":"';
const random = randomUUID().slice(0, 24);
let made = 0;

/**
 * What someone would write by hand who knows the client well: batches of its producer, each to one partition, acknowledged by all replicas,
 * the same bytes and headers, and a stream of its consumer whose offsets are committed once in a while.
 */
export class RawKafka implements AsyncDisposable {
  readonly #brokers: string[];
  readonly #producer: Producer<string, string, string, string>;
  readonly #admin: Admin;
  #topic = "";

  constructor(url: string) {
    this.#brokers = [new URL(url).host];
    this.#producer = new Producer({ clientId, bootstrapBrokers: this.#brokers, serializers: stringSerializers });
    this.#admin = new Admin({ clientId, bootstrapBrokers: this.#brokers });
  }

  /** Starts with an empty topic. */
  async clear(): Promise<void> {
    this.#topic = `raw-${randomUUID()}`;
    await this.#admin.createTopics({ topics: [this.#topic], partitions, replicas: 1 });
  }

  /** `inFlight` messages under way, in batches. */
  publish(count: number, inFlight: number): Promise<void> {
    return inParallel(count / batch, inFlight / batch, (index) => this.#send(index % partitions, batch));
  }

  /** One message that is waited for. */
  async publishOne(): Promise<void> {
    await this.#send(0, 1);
  }

  /** All that is there, of a group that is new. */
  async consume(count: number, handle: (data: unknown, headers: unknown) => void): Promise<void> {
    const consumer = new Consumer({
      clientId,
      groupId: randomUUID(),
      bootstrapBrokers: this.#brokers,
      deserializers: stringDeserializers,
      autocommit: 100,
      maxWaitTime: 500,
    });
    const stream = await consumer.consume({ topics: [this.#topic], mode: MessagesStreamModes.EARLIEST });
    let handled = 0;
    for await (const { value, headers } of stream) {
      handle(JSON.parse(value), headers);
      handled += 1;
      if (handled === count) break;
    }
    await stream.close();
    await consumer.close(true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#producer.close(), this.#admin.close()]);
  }

  async #send(partition: number, size: number): Promise<void> {
    const messages = Array.from({ length: size }, () => {
      made += 1;
      const id = `${random}${made.toString(16).padStart(12, "0")}`;
      const data = JSON.stringify(oneOrder);
      const value = `${beforeId}${id}","time":"${new Date().toISOString()}","data":${data}}`;
      const headers = { "content-type": "application/cloudevents+json", waybill: JSON.stringify([id]) };
      return { topic: this.#topic, partition, key: oneOrder.customerId, value, headers };
    });
    await this.#producer.send({ messages, acks: -1 });
  }
}
