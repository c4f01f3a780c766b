import type { Bus } from "@waybill/core";
import type { Order } from "./topics.ts";
import { orderPlaced } from "./topics.ts";

/** Hears how each order fared; `position` counts the orders from 0, as they came. */
export interface OrdersWatcher {
  published(order: Order, position: number): void;
  refused(order: Order, error: unknown): void;
}

/** How many orders may wait for the broker's confirmation. */
const window = 500;

/**
 * Publishes every order and resolves once the broker has confirmed them all. The order's own id becomes the message's: an order
 * that is published again can be recognised, and everything that comes of it carries the id as its `correlationId`.
 */
export async function publishOrders(bus: Bus, orders: AsyncIterable<Order>, watcher: OrdersWatcher): Promise<void> {
  const underWay = new Set<Promise<void>>();
  let count = 0;
  for await (const order of orders) {
    const position = count++;
    const one = bus
      .publish(orderPlaced, order, { id: order.orderId })
      .then(
        () => watcher.published(order, position),
        (error: unknown) => watcher.refused(order, error),
      )
      .finally(() => underWay.delete(one));
    underWay.add(one);
    if (underWay.size >= window) await Promise.race(underWay);
  }
  await Promise.all(underWay);
}
