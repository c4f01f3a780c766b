import { type Bus, connect, type Consumer } from "@waybill/core";
import { inParallel, timed } from "./load.ts";
import { oneOrder } from "./schemas.ts";
import { orders, type ordersByKey, orderWork } from "./topics.ts";

/** A bus with three middlewares, and a group that gets the orders. */
export async function openBus(url: string): Promise<Bus> {
  const bus = await connect(url);
  for (const name of ["one", "two", "three"]) bus.use({ name, handle: (next) => (message) => next(message) });
  await bus.inbox(orders, "bench").stats();
  return bus;
}

export function publishOrders(bus: Bus, count: number, inFlight: number, to = orders): Promise<void> {
  return inParallel(count, inFlight, () => bus.publish(to, oneOrder));
}

/** As work for a queue. */
export function sendOrders(bus: Bus, count: number, inFlight: number): Promise<void> {
  return inParallel(count, inFlight, () => bus.send(orderWork, oneOrder));
}

/** Removes what was published and sent. */
export async function emptied(bus: Bus): Promise<void> {
  await bus.inbox(orders, "bench").seek("now");
  await bus.inbox(orderWork).seek("now");
}

/** How long a consumer takes to handle a backlog until all is settled, ms. `fill` publishes it while the consumer pauses. */
export async function drained(
  bus: Bus,
  count: number,
  fill: () => Promise<unknown>,
  from: typeof orders | typeof ordersByKey = orders,
): Promise<number> {
  const all = Promise.withResolvers<void>();
  let handled = 0;
  const consumer = await bus.subscribe(from, { group: "bench", concurrency: 100 }, () => {
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

/** How long a consumer of the topic takes to handle and settle a backlog that is there, from its subscription to its close, ms. */
export function handled(bus: Bus, count: number, from = orders): Promise<number> {
  return consumed(count, (handle) => bus.subscribe(from, { group: "bench", concurrency: 100 }, handle));
}

/** The same of a worker of the queue. */
export function worked(bus: Bus, count: number): Promise<number> {
  return consumed(count, (handle) => bus.work(orderWork, { concurrency: 100 }, handle));
}

async function consumed(count: number, start: (handle: () => void) => Promise<Consumer>): Promise<number> {
  const all = Promise.withResolvers<void>();
  let done = 0;
  return await timed(async () => {
    const consumer = await start(() => {
      done += 1;
      if (done === count) all.resolve();
    });
    await all.promise;
    await consumer.close();
  });
}
