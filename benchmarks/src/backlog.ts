import { type CountedServer, cpuOfBoth } from "./counted-server.ts";
import { openBus, publishOrders } from "./orders.ts";
import { orders } from "./topics.ts";

/**
 * What handling and settling one of `count` messages of 1 kB costs, in CPU time of client and server, when at least `waiting`
 * more are behind them, µs.
 */
export async function costAbove(start: () => Promise<CountedServer>, count: number, waiting: number): Promise<number> {
  await using server = await start();
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
