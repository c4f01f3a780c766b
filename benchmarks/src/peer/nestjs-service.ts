import "reflect-metadata";
import { Controller, type INestMicroservice, Logger, Module } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { type ClientProxy, Ctx, EventPattern, type MicroserviceOptions, Payload } from "@nestjs/microservices";
import { lastValueFrom } from "rxjs";
import { inParallel, timed } from "../load.ts";
import { oneOrder } from "../schemas.ts";

/** On Kafka also the topic. */
export const eventName = "order.placed";

/** Lets it speak of errors alone. */
export function silenced(): void {
  Logger.overrideLogger(["error"]);
}

/** A microservice with one controller, decorated by calls, since the language has no such decorators of parameters. */
async function serviceOf(options: MicroserviceOptions, handle: (context: unknown) => void): Promise<INestMicroservice> {
  class Orders {
    placed(_order: unknown, context: unknown): void {
      handle(context);
    }
  }
  class Service {}
  const { prototype } = Orders;
  Payload()(prototype, "placed", 0);
  Ctx()(prototype, "placed", 1);
  EventPattern(eventName)(prototype, "placed", Object.getOwnPropertyDescriptor(prototype, "placed") ?? {});
  Controller()(Orders);
  Module({ controllers: [Orders] })(Service);
  return await NestFactory.createMicroservice<MicroserviceOptions>(Service, options);
}

/** Emits so many orders, `inFlight` at once. */
export function emitted(client: ClientProxy, count: number, inFlight: number): Promise<void> {
  return inParallel(count, inFlight, () =>
    lastValueFrom(client.emit(eventName, oneOrder), { defaultValue: undefined }),
  );
}

/** How long a microservice takes to handle so many orders, from its start to its end, ms. */
export async function drainedBy(
  options: MicroserviceOptions,
  count: number,
  acknowledge: (context: unknown) => void,
): Promise<number> {
  const all = Promise.withResolvers<void>();
  let handled = 0;
  const service = await serviceOf(options, (context) => {
    acknowledge(context);
    handled += 1;
    if (handled === count) all.resolve();
  });
  return await timed(async () => {
    await service.listen();
    await all.promise;
    await service.close();
  });
}
