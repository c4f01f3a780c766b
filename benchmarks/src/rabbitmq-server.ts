import { startBroker } from "@waybill/testing";
import type { CountedServer } from "./counted-server.ts";

/** Starts a RabbitMQ of our own, as it comes. */
export async function startRabbitmq(): Promise<CountedServer> {
  const broker = await startBroker("rabbitmq");
  const runtime = "element(1, erlang:statistics(runtime)).";
  return {
    url: broker.url,
    cpu: async () => Number(await broker.administer("eval", runtime)) * 1_000,
    [Symbol.asyncDispose]: () => broker.stop(),
  };
}
