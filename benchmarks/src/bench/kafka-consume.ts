import type { Bus } from "@waybill/core";
import { byTurns } from "../by-turns.ts";
import { delayDuring } from "../event-loop.ts";
import type { Figure } from "../figure.ts";
import { type Client, figuresOfEach, openKafka, openRaw } from "../kafka-clients.ts";
import { handledBy, perSecond } from "../load.ts";
import { handled, publishOrders } from "../orders.ts";
import type { RawKafka } from "../raw/kafka.ts";
import { binaryOrders, orders } from "../topics.ts";

const count = 60_000;
const turns = 3;

/** A backlog on Kafka handled and settled by a consumer with a schema and three middlewares, in both modes of the envelope, against the same client by hand. */
export function measure(): Promise<readonly Figure[]> {
  return figuresOfEach(by);
}

async function by(url: string, client: Client): Promise<readonly Figure[]> {
  await using bus = await openKafka(url, client);
  await using raw = await openRaw(url, client);
  await using rawBinary = await openRaw(url, client, "binary");
  const rates = await byTurns(turns, {
    ours: () => ours(bus, orders),
    raw: () => byHand(raw),
    binary: () => ours(bus, binaryOrders),
    rawBinary: () => byHand(rawBinary),
  });
  await publishOrders(bus, count, 1_000);
  const delay = await delayDuring(() => handled(bus, count));
  const against = (what: string, value: number): Figure => ({ what, unit: "ratio", value, better: "more", goal: 0.85 });
  return [
    {
      what: `Kafka, a backlog handled with ${client}, concurrency 100`,
      unit: "k/s",
      value: rates.ours,
      better: "more",
    },
    { what: `hand-written ${client}`, unit: "k/s", value: rates.raw, better: "more" },
    against("Kafka, a backlog handled against that", rates.ours / rates.raw),
    { what: "Kafka, a backlog in binary mode handled", unit: "k/s", value: rates.binary, better: "more" },
    { what: "by hand, with the same headers", unit: "k/s", value: rates.rawBinary, better: "more" },
    against("in binary mode against that", rates.binary / rates.rawBinary),
    { what: "event loop delay while consuming from Kafka, p99", unit: "ms", value: delay, better: "less", goal: 20 },
  ];
}

async function ours(bus: Bus, from: typeof orders): Promise<number> {
  await publishOrders(bus, count, 1_000, from);
  return perSecond(count, await handled(bus, count, from));
}

async function byHand(raw: RawKafka): Promise<number> {
  await raw.clear();
  await raw.publish(count, 1_000);
  return perSecond(count, await handledBy(raw, count));
}
