import { randomUUID } from "node:crypto";
import {
  Admin,
  Consumer,
  MessagesStreamModes,
  Producer,
  stringDeserializers,
  stringSerializers,
} from "@platformatic/kafka";
import { type Mode, partitions, RawKafka, type RawRecord } from "./kafka.ts";

const clientId = "raw";

/** By hand with @platformatic/kafka: its producer, and a stream of its consumer. */
export class RawPlatformatic extends RawKafka {
  readonly #producer: Producer<string, string, string, string>;
  readonly #admin: Admin;

  constructor(url: string, mode?: Mode) {
    super(url, mode);
    this.#producer = new Producer({ clientId, bootstrapBrokers: this.brokers, serializers: stringSerializers });
    this.#admin = new Admin({ clientId, bootstrapBrokers: this.brokers });
  }

  async consume(count: number, handle: (data: unknown, headers: unknown) => void): Promise<void> {
    const consumer = new Consumer({
      clientId,
      groupId: randomUUID(),
      bootstrapBrokers: this.brokers,
      deserializers: stringDeserializers,
      autocommit: 100,
      maxWaitTime: 500,
    });
    const stream = await consumer.consume({ topics: [this.topic], mode: MessagesStreamModes.EARLIEST });
    const all = Promise.withResolvers<void>();
    let handled = 0;
    // As an event, since its iteration costs a promise for each message.
    stream.on("data", ({ value, headers }) => {
      handle(JSON.parse(value), headers);
      handled += 1;
      if (handled === count) all.resolve();
    });
    stream.on("error", (error) => all.reject(error));
    await all.promise;
    await stream.close();
    await consumer.close(true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#producer.close(), this.#admin.close()]);
  }

  protected async create(): Promise<void> {
    await this.#admin.createTopics({ topics: [this.topic], partitions, replicas: 1 });
  }

  protected async send(partition: number, records: readonly RawRecord[]): Promise<void> {
    const { topic } = this;
    const messages = records.map(({ value, headers }) => ({ topic, partition, value, headers }));
    await this.#producer.send({ messages, acks: -1 });
  }
}
