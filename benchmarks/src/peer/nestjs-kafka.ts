import { type ClientProxy, ClientProxyFactory, type KafkaOptions, Transport } from "@nestjs/microservices";
import { Kafka, logLevel } from "kafkajs";
import { partitions } from "../raw/kafka.ts";
import { makeTopic } from "../raw/kafkajs.ts";
import { drainedBy, emitted, eventName, silenced } from "./nestjs-service.ts";
import type { Peer } from "./peer.ts";

/** NestJS on Kafka: a client that emits events, and a microservice whose offsets are committed behind it. */
export class NestJsKafka implements Peer {
  readonly #options: KafkaOptions;
  readonly #client: ClientProxy;

  static async open(url: string): Promise<NestJsKafka> {
    silenced();
    const brokers = [new URL(url).host];
    await makeTopic(new Kafka({ brokers, logLevel: logLevel.ERROR }), eventName);
    const peer = new NestJsKafka(brokers);
    await peer.#client.connect();
    return peer;
  }

  private constructor(brokers: string[]) {
    this.#options = {
      transport: Transport.KAFKA,
      options: {
        client: { brokers, logLevel: logLevel.ERROR },
        producerOnlyMode: true,
        producer: { allowAutoTopicCreation: false },
        send: { acks: -1 },
        consumer: { groupId: "bench", maxWaitTimeInMs: 500 },
        subscribe: { fromBeginning: true },
        run: { autoCommitInterval: 100, partitionsConsumedConcurrently: partitions },
      },
    };
    this.#client = ClientProxyFactory.create(this.#options);
  }

  publish(count: number, inFlight: number): Promise<void> {
    return emitted(this.#client, count, inFlight);
  }

  drained(count: number): Promise<number> {
    return drainedBy(this.#options, count, () => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close();
  }
}
