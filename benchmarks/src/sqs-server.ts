import { type Broker, startBroker } from "@waybill/testing";

/** SQS and SNS, played by fauxqs in a process of its own, which keeps nothing. */
export function startSqs(): Promise<Broker> {
  return startBroker("sqs", { server: "fauxqs", keeps: false, sources: ["native"] });
}
