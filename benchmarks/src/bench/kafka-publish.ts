import { byTurns } from "../by-turns.ts";
import { delayDuring } from "../event-loop.ts";
import type { Figure } from "../figure.ts";
import { startKafka } from "../kafka-server.ts";
import { perSecond, timed } from "../load.ts";
import { openBus, publishOrders, sendOrders } from "../orders.ts";
import { RawKafka } from "../raw/kafka.ts";

const count = 20_000;
const turns = 5;
const inFlight = 1_000;

/** Publishing to Kafka with 1 000 in flight, acknowledged by all replicas, by either driver, against batches of the client by hand. */
export async function measure(): Promise<readonly Figure[]> {
  await using server = await startKafka();
  await using bus = await openBus(server.url);
  await using other = await openBus(`${server.url}?driver=kafkajs`);
  await using raw = new RawKafka(server.url);
  await raw.clear();
  const rate = async (work: () => Promise<void>): Promise<number> => perSecond(count, await timed(work));
  const rates = await byTurns(turns, {
    topic: () => rate(() => publishOrders(bus, count, inFlight)),
    queue: () => rate(() => sendOrders(bus, count, inFlight)),
    kafkajs: () => rate(() => publishOrders(other, count, inFlight)),
    raw: () => rate(() => raw.publish(count, inFlight)),
  });
  const delay = await delayDuring(() => publishOrders(bus, count, inFlight));
  return [
    { what: "Kafka publish to a topic, 1 000 in flight", unit: "k/s", value: rates.topic, better: "more" },
    { what: "Kafka publish to a queue, 1 000 in flight", unit: "k/s", value: rates.queue, better: "more" },
    { what: "the same to the topic with kafkajs", unit: "k/s", value: rates.kafkajs, better: "more" },
    { what: "hand-written @platformatic/kafka, batches of 500", unit: "k/s", value: rates.raw, better: "more" },
    {
      what: "Kafka publish to a topic against hand-written",
      unit: "ratio",
      value: rates.topic / rates.raw,
      better: "more",
      goal: 0.85,
    },
    { what: "event loop delay while publishing to Kafka, p99", unit: "ms", value: delay, better: "less", goal: 20 },
  ];
}
