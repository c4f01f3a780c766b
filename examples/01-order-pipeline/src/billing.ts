import type { Bus, Consumer } from "@waybill/core";
import { exponential } from "@waybill/core";
import type { Payments } from "./payments.ts";
import { CardRefused } from "./payments.ts";
import { emailSend, orderPlaced } from "./topics.ts";

/** How often an order may fail before it is a dead letter. */
export const maxAttempts = 4;

/**
 * Charges each order, up to 20 at once. A refused card is not tried again; any other failure is, after 200 ms, 400 ms, 800 ms.
 * Billing needs no order among a customer's orders, so it does without the topic's and gets full concurrency.
 */
export function startBilling(bus: Bus, payments: Payments): Promise<Consumer> {
  return bus.subscribe(
    orderPlaced,
    {
      group: "billing",
      ordered: false,
      concurrency: 20,
      retry: { maxAttempts, delay: exponential("200ms"), permanent: (error) => error instanceof CardRefused },
    },
    async ({ data: order, attempt, signal, send }) => {
      await payments.charge(order, { attempt, signal });
      // Leaves in one step with this handler's success: no charge without its email, no email without its charge.
      await send(emailSend, { to: order.email, subject: `Your order ${order.orderId}: ${order.item}` });
    },
  );
}
