import type { Bus } from "@waybill/core";
import { openBus } from "./orders.ts";
import type { Mode, RawKafka } from "./raw/kafka.ts";
import { RawKafkajs } from "./raw/kafkajs.ts";
import { RawPlatformatic } from "./raw/platformatic.ts";
import { binaryOrders } from "./topics.ts";

/** The two clients that the adapter can stand on. */
export type Client = "@platformatic/kafka" | "kafkajs";

export const clients: readonly Client[] = ["@platformatic/kafka", "kafkajs"];

/** A bus by one of them. */
export async function openKafka(url: string, client: Client): Promise<Bus> {
  const bus = await openBus(`${url}?driver=${client === "kafkajs" ? client : "platformatic"}`);
  await bus.inbox(binaryOrders, "bench").stats();
  return bus;
}

/** The same client, used by hand. */
export async function openRaw(url: string, client: Client, mode: Mode = "structured"): Promise<RawKafka> {
  const raw = client === "kafkajs" ? await RawKafkajs.open(url, mode) : new RawPlatformatic(url, mode);
  await raw.clear();
  return raw;
}
