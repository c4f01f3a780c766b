import { randomUUID } from "node:crypto";
import { Kafka, logLevel, type Producer } from "kafkajs";
import { type Mode, partitions, RawKafka, type RawRecord } from "./kafka.ts";

/** By hand with kafkajs: its producer, and its consumer batch by batch. */
export class RawKafkajs extends RawKafka {
  readonly #client: Kafka;
  readonly #producer: Producer;

  static async open(url: string, mode?: Mode): Promise<RawKafkajs> {
    const raw = new RawKafkajs(url, mode);
    await raw.#producer.connect();
    return raw;
  }

  private constructor(url: string, mode?: Mode) {
    super(url, mode);
    this.#client = new Kafka({ clientId: "raw", brokers: this.brokers, logLevel: logLevel.ERROR });
    this.#producer = this.#client.producer({ allowAutoTopicCreation: false });
  }

  async consume(count: number, handle: (data: unknown, headers: unknown) => void): Promise<void> {
    const consumer = this.#client.consumer({ groupId: randomUUID(), maxWaitTimeInMs: 500 });
    await consumer.connect();
    await consumer.subscribe({ topics: [this.topic], fromBeginning: true });
    const all = Promise.withResolvers<void>();
    let handled = 0;
    await consumer.run({
      autoCommitInterval: 100,
      eachBatch: ({ batch: { messages } }) => {
        for (const { value, headers } of messages) handle(JSON.parse(String(value)), headers);
        handled += messages.length;
        if (handled === count) all.resolve();
        return Promise.resolve();
      },
    });
    await all.promise;
    await consumer.disconnect();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#producer.disconnect();
  }

  protected create(): Promise<void> {
    return makeTopic(this.#client, this.topic);
  }

  protected async send(partition: number, records: readonly RawRecord[]): Promise<void> {
    await this.#producer.send({
      topic: this.topic,
      acks: -1,
      messages: records.map((record) => ({ partition, ...record })),
    });
  }
}

/** Makes a topic, as ours are. */
export async function makeTopic(client: Kafka, topic: string): Promise<void> {
  const admin = client.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: partitions, replicationFactor: 1 }] });
  await admin.disconnect();
}
