import { byTurns } from "../by-turns.ts";
import { delayDuring } from "../event-loop.ts";
import type { Figure } from "../figure.ts";
import { type Client, figuresOfEach, openKafka, openRaw } from "../kafka-clients.ts";
import { perSecond, timed } from "../load.ts";
import { publishOrders } from "../orders.ts";
import { binaryOrders, orders } from "../topics.ts";

const count = 20_000;
const turns = 5;
const inFlight = 1_000;

/** Publishing to Kafka with 1 000 in flight, acknowledged by all replicas, in both modes of the envelope, against batches of the same client by hand. */
export function measure(): Promise<readonly Figure[]> {
  return figuresOfEach(by);
}

async function by(url: string, client: Client): Promise<readonly Figure[]> {
  await using bus = await openKafka(url, client);
  await using raw = await openRaw(url, client);
  await using rawBinary = await openRaw(url, client, "binary");
  const rate = async (work: () => Promise<void>): Promise<number> => perSecond(count, await timed(work));
  const rates = await byTurns(turns, {
    ours: () => rate(() => publishOrders(bus, count, inFlight, orders)),
    raw: () => rate(() => raw.publish(count, inFlight)),
    binary: () => rate(() => publishOrders(bus, count, inFlight, binaryOrders)),
    rawBinary: () => rate(() => rawBinary.publish(count, inFlight)),
  });
  const delay = await delayDuring(() => publishOrders(bus, count, inFlight));
  const goal = client === "kafkajs" ? 0.9 : 0.85;
  const against = (what: string, value: number): Figure => ({ what, unit: "ratio", value, better: "more", goal });
  return [
    { what: `Kafka publish with ${client}, 1 000 in flight`, unit: "k/s", value: rates.ours, better: "more" },
    { what: `hand-written ${client}, batches of 500`, unit: "k/s", value: rates.raw, better: "more" },
    against("Kafka publish against that", rates.ours / rates.raw),
    { what: "Kafka publish in binary mode", unit: "k/s", value: rates.binary, better: "more" },
    { what: "by hand, with the same headers", unit: "k/s", value: rates.rawBinary, better: "more" },
    against("in binary mode against that", rates.binary / rates.rawBinary),
    { what: "event loop delay while publishing to Kafka, p99", unit: "ms", value: delay, better: "less", goal: 20 },
  ];
}
