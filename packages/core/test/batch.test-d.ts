/*
 * What the types promise: the compiler is the test, as in `types.test-d.ts`.
 */
import { queue, topic } from "@waybill/core";
import type { Bus, Message } from "@waybill/core";
import { z } from "zod";
import { same } from "./same.ts";

declare const bus: Bus;

const order = z.object({ orderId: z.string(), total: z.number() });
const orderPlaced = topic("order.placed", { schema: order, key: ({ orderId }) => orderId, ordered: true });
const sendEmail = queue("email.send", { schema: z.object({ to: z.string() }) });

/* A handler of batches, where the options say so. */

export async function batches(): Promise<void> {
  await bus.subscribe(orderPlaced, { group: "g", batch: { size: 10, wait: "1s" } }, (messages, { fail, signal }) => {
    same<typeof messages, readonly Message<{ orderId: string; total: number }>[]>();
    same<typeof signal, AbortSignal>();
    for (const message of messages) fail(message, new Error("no"));
  });
  await bus.work(sendEmail, { batch: { size: 10, wait: 5 }, concurrency: 2, timeout: "1m" }, async ([first]) => {
    await first?.send(sendEmail, { to: first.data.to });
  });
  // @ts-expect-error one message, where many are given
  await bus.work(sendEmail, { batch: { size: 10, wait: 5 } }, ({ data }) => data);
  // @ts-expect-error many, where one is given
  await bus.work(sendEmail, {}, (messages: readonly Message<{ to: string }>[]) => messages.length);
  // @ts-expect-error no wait
  await bus.work(sendEmail, { batch: { size: 10 } }, () => undefined);
  // @ts-expect-error settled before it is handled, and gathered
  await bus.work(sendEmail, { batch: { size: 10, wait: 5 }, delivery: "at-most-once" }, () => undefined);
}
