import { json, type Queue, queue, type Topic, topic } from "@waybill/core";
import type { z } from "zod";
import { order } from "./schemas.ts";

type Order = z.infer<typeof order>;

export const orders: Topic<Order, Order, false> = topic("order.placed", { schema: order });

/** The same in CloudEvents' binary mode, in which every codec but ours for JSON is written. */
export const binaryOrders: Topic<Order, Order, false> = topic("order.placed.binary", {
  schema: order,
  codec: { ...json },
});

export const ordersByKey: Topic<Order, Order, true> = topic("order.placed.by-customer", {
  schema: order,
  key: ({ customerId }) => customerId,
  ordered: true,
});

export const orderWork: Queue<Order, Order, false> = queue("order.handle", { schema: order });
