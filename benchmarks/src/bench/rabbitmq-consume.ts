import { byTurns } from "../by-turns.ts";
import { delayDuring } from "../event-loop.ts";
import type { Figure } from "../figure.ts";
import { handledBy, perSecond } from "../load.ts";
import { handled, openBus, publishOrders } from "../orders.ts";
import { startRabbitmq } from "../rabbitmq-server.ts";
import { RawRabbitmq } from "../raw/rabbitmq.ts";

const count = 30_000;
const turns = 5;

/** A backlog on RabbitMQ handled and settled by a consumer with a schema and three middlewares, against amqplib by hand with neither. */
export async function measure(): Promise<readonly Figure[]> {
  await using server = await startRabbitmq();
  await using bus = await openBus(server.url);
  await using raw = await RawRabbitmq.open(server.url);
  await raw.clear();
  const rates = await byTurns(turns, {
    ours: async () => {
      await publishOrders(bus, count, 1_000);
      return perSecond(count, await handled(bus, count));
    },
    raw: () => byHand(raw),
  });
  await publishOrders(bus, count, 1_000);
  const delay = await delayDuring(() => handled(bus, count));
  return [
    { what: "RabbitMQ, a backlog handled, concurrency 100", unit: "k/s", value: rates.ours, better: "more" },
    { what: "hand-written amqplib, an ack for a hundred", unit: "k/s", value: rates.raw, better: "more" },
    {
      what: "RabbitMQ, a backlog handled against hand-written",
      unit: "ratio",
      value: rates.ours / rates.raw,
      better: "more",
      goal: 0.9,
    },
    { what: "event loop delay while consuming from RabbitMQ, p99", unit: "ms", value: delay, better: "less", goal: 20 },
  ];
}

async function byHand(raw: RawRabbitmq): Promise<number> {
  await raw.publishToTopic(count, 1_000);
  return perSecond(count, await handledBy(raw, count));
}
