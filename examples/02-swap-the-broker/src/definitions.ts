import { call, queue, topic } from "@waybill/core";
import { z } from "zod";

/** Every group gets a copy; one customer's orders are handled one after the other. */
export const orderPlaced = topic("order.placed", {
  schema: z.object({ customer: z.string(), number: z.number() }),
  key: (order) => order.customer,
  ordered: true,
});

export const charge = queue("charge", { schema: z.object({ card: z.string() }) });
export const receipt = queue("receipt", { schema: z.object({ text: z.string() }) });
export const reminder = queue("reminder", { schema: z.object({ text: z.string(), notBefore: z.number() }) });

export const price = call("price", {
  request: z.object({ item: z.string() }),
  reply: z.object({ cents: z.number() }),
});
