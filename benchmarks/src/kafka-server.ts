import { startBroker } from "@waybill/testing";

/** Starts a Kafka of our own, one broker, as it comes. */
export async function startKafka(): Promise<AsyncDisposable & { readonly url: string }> {
  const broker = await startBroker("kafka");
  return { url: broker.url, [Symbol.asyncDispose]: () => broker.stop() };
}
