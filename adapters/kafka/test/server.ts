import { type Broker, type KafkaOptions, orSkip, startBroker } from "@waybill/testing";

/** A server for a file's tests. Where there is none (never with CI=true) it is `missing`, and they are to be skipped. */
export async function withServer(
  options: KafkaOptions = {},
): Promise<{ readonly broker: Pick<Broker, "url" | "stop">; readonly missing: boolean }> {
  const broker = await orSkip(startBroker("kafka", options));
  if (broker !== undefined) return { broker, missing: false };
  return { broker: { url: "kafka://127.0.0.1:1", stop: () => Promise.resolve() }, missing: true };
}
