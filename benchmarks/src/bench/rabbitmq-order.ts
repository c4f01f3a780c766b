import { byTurns } from "../by-turns.ts";
import type { Figure } from "../figure.ts";
import { inParallel, perSecond } from "../load.ts";
import { drained, openBus, publishOrders } from "../orders.ts";
import { startRabbitmq } from "../rabbitmq-server.ts";
import { oneOrder } from "../schemas.ts";
import { ordersByKey } from "../topics.ts";

const count = 20_000;
const turns = 5;
const keys = 1_000;

/** A backlog on RabbitMQ in order by key, in its eight shards, against one without order. */
export async function measure(): Promise<readonly Figure[]> {
  await using server = await startRabbitmq();
  await using bus = await openBus(server.url);
  await bus.inbox(ordersByKey, "bench").stats();
  const publishByKey = (): Promise<void> =>
    inParallel(count, 1_000, (index) => bus.publish(ordersByKey, { ...oneOrder, customerId: `c-${index % keys}` }));
  const { unordered, ordered } = await byTurns(turns, {
    unordered: async () => perSecond(count, await drained(bus, count, () => publishOrders(bus, count, 1_000))),
    ordered: async () => perSecond(count, await drained(bus, count, publishByKey, ordersByKey)),
  });
  return [
    {
      what: `RabbitMQ, a backlog of ${keys} keys handled in order, against unordered`,
      unit: "ratio",
      value: ordered / unordered,
      better: "more",
      goal: 0.6,
    },
  ];
}
