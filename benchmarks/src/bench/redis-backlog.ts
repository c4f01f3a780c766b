import type { Figure } from "../figure.ts";
import { openBus, publishOrders } from "../orders.ts";
import { cpuOfBoth, startRedis } from "../redis-server.ts";
import { orders } from "../topics.ts";

const [few, many] = [1_000, 1_000_000];
const count = 50_000;

/** What handling and settling a message of 1 kB costs, in CPU time of client and server, while many more wait, against few. */
export async function measure(): Promise<readonly Figure[]> {
  // Once for nothing, so that what is compiled meanwhile is not counted.
  await costAbove(few);
  const little = await costAbove(few);
  const much = await costAbove(many);
  return [
    {
      what: "Redis, CPU time of a message handled and settled, client and server",
      unit: "µs",
      value: little,
      better: "less",
    },
    {
      what: "the same while 1 000 000 more wait, against 1 000",
      unit: "ratio",
      value: much / little,
      better: "less",
      goal: 1.5,
    },
  ];
}

/** µs of each of `count` messages, when at least `waiting` more are behind them. */
async function costAbove(waiting: number): Promise<number> {
  await using server = await startRedis();
  await using bus = await openBus(server.url);
  await publishOrders(bus, count + waiting, 1_000);
  return await cpuOfBoth(server, count, async () => {
    const enough = Promise.withResolvers<void>();
    let handled = 0;
    const consumer = await bus.subscribe(orders, { group: "bench", concurrency: 100 }, () => {
      handled += 1;
      if (handled === count) enough.resolve();
    });
    await enough.promise;
    consumer.pause();
  });
}
