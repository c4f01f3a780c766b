import type { Figure } from "./figure.ts";
import { startKafka } from "./kafka-server.ts";
import type { Bus } from "@waybill/core";
import { openBus } from "./orders.ts";
import type { Mode, RawKafka } from "./raw/kafka.ts";
import { RawKafkajs } from "./raw/kafkajs.ts";
import { RawPlatformatic } from "./raw/platformatic.ts";
import { binaryOrders } from "./topics.ts";

/** The two clients that the adapter can stand on. */
export type Client = "@platformatic/kafka" | "kafkajs";

const clients: readonly Client[] = ["@platformatic/kafka", "kafkajs"];

/** The figures of each of them in turn, on one broker. */
export async function figuresOfEach(
  by: (url: string, client: Client) => Promise<readonly Figure[]>,
): Promise<readonly Figure[]> {
  await using server = await startKafka();
  const figures: Figure[] = [];
  for (const client of clients) figures.push(...(await by(server.url, client)));
  return figures;
}

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
