import "reflect-metadata";
import { Controller, type INestMicroservice, Logger, Module } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import {
  type ClientProxy,
  ClientProxyFactory,
  Ctx,
  EventPattern,
  Payload,
  type RmqContext,
  type RmqOptions,
  Transport,
} from "@nestjs/microservices";
import type { Channel, ConsumeMessage } from "amqplib";
import { lastValueFrom } from "rxjs";
import { inParallel, timed } from "../load.ts";
import { oneOrder } from "../schemas.ts";
import type { Peer } from "./peer.ts";

const pattern = "order.placed";
const queue = "nestjs";
/** The best of 50 to 1 000. */
const prefetchCount = 1_000;

/** NestJS: a client that emits events, and a microservice whose controller acknowledges them. */
export class NestJs implements Peer {
  readonly #options: RmqOptions;
  readonly #client: ClientProxy;

  static async open(url: string): Promise<NestJs> {
    Logger.overrideLogger(["error"]);
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
    return inParallel(count, inFlight, () =>
      lastValueFrom(this.#client.emit(pattern, oneOrder), { defaultValue: undefined }),
    );
  }

  async drained(count: number): Promise<number> {
    const all = Promise.withResolvers<void>();
    let handled = 0;
    const options = { ...this.#options, options: { ...this.#options.options, noAck: false } };
    const service = await serviceOf(options, () => {
      handled += 1;
      if (handled === count) all.resolve();
    });
    return await timed(async () => {
      await service.listen();
      await all.promise;
      await service.close();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close();
  }
}

/** A microservice with one controller, decorated by calls, since the language has no such decorators of parameters. */
async function serviceOf(options: RmqOptions, handle: () => void): Promise<INestMicroservice> {
  class Orders {
    placed(_order: unknown, context: unknown): void {
      acknowledge(context as RmqContext);
      handle();
    }
  }
  class Service {}
  const { prototype } = Orders;
  Payload()(prototype, "placed", 0);
  Ctx()(prototype, "placed", 1);
  EventPattern(pattern)(prototype, "placed", Object.getOwnPropertyDescriptor(prototype, "placed") ?? {});
  Controller()(Orders);
  Module({ controllers: [Orders] })(Service);
  return await NestFactory.createMicroservice(Service, options);
}

function acknowledge(context: RmqContext): void {
  (context.getChannelRef() as Channel).ack(context.getMessage() as ConsumeMessage);
}
