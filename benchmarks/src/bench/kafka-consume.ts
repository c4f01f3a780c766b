import { byTurns } from "../by-turns.ts";
import { delayDuring } from "../event-loop.ts";
import type { Figure } from "../figure.ts";
import { startKafka } from "../kafka-server.ts";
import { handledBy, perSecond } from "../load.ts";
import { handled, openBus, publishOrders } from "../orders.ts";
import { RawKafka } from "../raw/kafka.ts";

const count = 30_000;
const turns = 5;

/** A backlog on Kafka handled and settled by a consumer with a schema and three middlewares, by either driver, against a stream of the client by hand. */
export async function measure(): Promise<readonly Figure[]> {
  await using server = await startKafka();
  await using bus = await openBus(server.url);
  await using other = await openBus(`${server.url}?driver=kafkajs`);
  await using raw = new RawKafka(server.url);
  const ours = async (by: typeof bus): Promise<number> => {
    await publishOrders(bus, count, 1_000);
    return perSecond(count, await handled(by, count));
  };
  const rates = await byTurns(turns, { ours: () => ours(bus), kafkajs: () => ours(other), raw: () => byHand(raw) });
  await publishOrders(bus, count, 1_000);
  const delay = await delayDuring(() => handled(bus, count));
  return [
    { what: "Kafka, a backlog handled, concurrency 100", unit: "k/s", value: rates.ours, better: "more" },
    { what: "the same with kafkajs", unit: "k/s", value: rates.kafkajs, better: "more" },
    { what: "hand-written @platformatic/kafka, a stream", unit: "k/s", value: rates.raw, better: "more" },
    {
      what: "Kafka, a backlog handled against hand-written",
      unit: "ratio",
      value: rates.ours / rates.raw,
      better: "more",
      goal: 0.85,
    },
    { what: "event loop delay while consuming from Kafka, p99", unit: "ms", value: delay, better: "less", goal: 20 },
  ];
}

async function byHand(raw: RawKafka): Promise<number> {
  await raw.clear();
  await raw.publish(count, 1_000);
  return perSecond(count, await handledBy(raw, count));
}
