import { type Bus, connect } from "@waybill/core";
import { inParallel, timed } from "./load.ts";
import { oneOrder } from "./schemas.ts";
import { orders } from "./topics.ts";

/** A bus with three middlewares, and a group that gets the orders. */
export async function openBus(url: string): Promise<Bus> {
  const bus = await connect(url);
  for (const name of ["one", "two", "three"]) bus.use({ name, handle: (next) => (message) => next(message) });
  await bus.inbox(orders, "bench").stats();
  return bus;
}

export function publishOrders(bus: Bus, count: number, inFlight: number): Promise<void> {
  return inParallel(count, inFlight, () => bus.publish(orders, oneOrder));
}

/** How long a consumer takes to handle a backlog until all is settled, ms. `fill` publishes it while the consumer pauses. */
export async function drained(bus: Bus, count: number, fill: () => Promise<unknown>): Promise<number> {
  const all = Promise.withResolvers<void>();
  let handled = 0;
  const consumer = await bus.subscribe(orders, { group: "bench", concurrency: 100 }, () => {
    handled += 1;
    if (handled === count) all.resolve();
  });
  consumer.pause();
  await fill();
  return await timed(async () => {
    consumer.resume();
    await all.promise;
    await consumer.close();
  });
}
