import { byTurns } from "./by-turns.ts";
import { inParallel, perSecond } from "./load.ts";
import { drained, openBus, publishOrders } from "./orders.ts";
import { oneOrder } from "./schemas.ts";
import { ordersByKey } from "./topics.ts";

const count = 20_000;
const turns = 5;
export const keys = 1_000;

/** How fast a backlog of many keys is handled in order by key, against one without order. */
export async function ratioInOrder(url: string): Promise<number> {
  await using bus = await openBus(url);
  await bus.inbox(ordersByKey, "bench").stats();
  const publishByKey = (): Promise<void> =>
    inParallel(count, 1_000, (index) => bus.publish(ordersByKey, { ...oneOrder, customerId: `c-${index % keys}` }));
  const { unordered, ordered } = await byTurns(turns, {
    unordered: async () => perSecond(count, await drained(bus, count, () => publishOrders(bus, count, 1_000))),
    ordered: async () => perSecond(count, await drained(bus, count, publishByKey, ordersByKey)),
  });
  return ordered / unordered;
}
