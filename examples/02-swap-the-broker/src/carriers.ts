import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startBroker } from "@waybill/testing";

/** A broker for a while. */
export interface Place extends AsyncDisposable {
  /** What `connect` takes. */
  readonly url: string;
}

/** Where each carrier's broker comes from. Rejects with `NoBrokerError` where there is none. */
export const carriers: Readonly<Record<string, () => Promise<Place>>> = {
  memory: () => Promise.resolve({ url: "memory:", [Symbol.asyncDispose]: () => Promise.resolve() }),
  sqlite: freshFile,
  redis: () => startBroker("redis"),
  rabbitmq: () => startBroker("rabbitmq"),
  kafka: () => startBroker("kafka"),
  sqs: queuesAndTopics,
};

/** With SNS, which has the topics. Polls are short here, since a close waits for the last one. */
async function queuesAndTopics(): Promise<Place> {
  const broker = await startBroker("sqs", { server: "fauxqs", keeps: false });
  return { url: `${broker.url}&waitMs=1000`, [Symbol.asyncDispose]: () => broker.stop() };
}

async function freshFile(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), "waybill-swap-"));
  return {
    url: `sqlite:${join(folder, "waybill.db")}`,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}
