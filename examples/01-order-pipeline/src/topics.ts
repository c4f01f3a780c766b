import { queue, topic } from "@waybill/core";
import { z } from "zod";

export const Order = z.object({
  orderId: z.string().min(1).max(64),
  customerId: z.string().min(1).max(64),
  email: z.email(),
  item: z.string().min(1),
  total: z.number().positive(),
});
export type Order = z.infer<typeof Order>;

/** Every group of subscribers gets a copy of each order; those of one customer are handled one after the other. */
export const orderPlaced = topic("order.placed", {
  schema: Order,
  key: (order) => order.customerId,
  ordered: true,
});

/** Work for whoever is free: one worker gets each message, and it waits for one if there is none. */
export const emailSend = queue("email.send", {
  schema: z.object({ to: z.email(), subject: z.string() }),
});
