import {
  type ClientProxy,
  ClientProxyFactory,
  type RmqContext,
  type RmqOptions,
  Transport,
} from "@nestjs/microservices";
import type { Channel, ConsumeMessage } from "amqplib";
import { drainedBy, emitted, silenced } from "./nestjs-service.ts";
import type { Peer } from "./peer.ts";

const queue = "nestjs";
/** The best of 50 to 1 000. */
const prefetchCount = 1_000;

/** NestJS: a client that emits events, and a microservice whose controller acknowledges them. */
export class NestJs implements Peer {
  readonly #options: RmqOptions;
  readonly #client: ClientProxy;

  static async open(url: string): Promise<NestJs> {
    silenced();
    const client = new NestJs(url);
    await client.#client.connect();
    return client;
  }

  private constructor(url: string) {
    this.#options = {
      transport: Transport.RMQ,
      options: {
        urls: [url],
        queue,
        queueOptions: { durable: true, arguments: { "x-queue-type": "quorum" } },
        persistent: true,
        prefetchCount,
        socketOptions: { connectionOptions: { noDelay: true } },
      },
    };
    this.#client = ClientProxyFactory.create(this.#options);
  }

  publish(count: number, inFlight: number): Promise<void> {
    return emitted(this.#client, count, inFlight);
  }

  drained(count: number): Promise<number> {
    return drainedBy({ ...this.#options, options: { ...this.#options.options, noAck: false } }, count, acknowledge);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close();
  }
}

function acknowledge(given: unknown): void {
  const context = given as RmqContext;
  (context.getChannelRef() as Channel).ack(context.getMessage() as ConsumeMessage);
}
