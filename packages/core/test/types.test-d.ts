/*
 * What the types promise. The compiler is the test: this file is part of the test project and never runs. Where something
 * must be an error, `@ts-expect-error` is the check.
 */
import { bytes, connect, exponential, PermanentError, queue, topic } from "@waybill/core";
import type { Bus, Envelope, Message, Producer, PublishResult, Queue, Topic } from "@waybill/core";
import { z } from "zod";
import { same } from "./same.ts";

declare const bus: Bus;

/* The snippet of DESIGN §2, as written. */

declare class CardRefused extends Error {}
declare function charge(data: { readonly total: number }, options: { readonly signal: AbortSignal }): Promise<void>;
const Email = z.object({ to: z.string() });

const orderPlaced = topic("order.placed", {
  schema: z.object({ orderId: z.string(), customerId: z.string(), total: z.number().positive() }),
  key: (order) => order.customerId,
  ordered: true,
});
const sendEmail = queue("email.send", { schema: Email });

export async function snippet(): Promise<void> {
  await using bus = await connect(process.env["WAYBILL_URL"] ?? "sqlite:./waybill.db", { source: "order-service" });

  await bus.subscribe(
    orderPlaced,
    {
      group: "billing",
      concurrency: 20,
      retry: {
        maxAttempts: 5,
        delay: exponential("1s", { max: "5m" }),
        permanent: (error) => error instanceof CardRefused,
      },
    },
    async ({ data, attempt, signal, send }) => {
      same<typeof data, { orderId: string; customerId: string; total: number }>();
      same<typeof attempt, number>();
      await charge(data, { signal });
      await send(sendEmail, { to: data.customerId });
    },
  );

  await bus.publish(orderPlaced, { orderId: "o-1", customerId: "c-7", total: 42 });
}

/* Publishers give what the schema takes in, handlers get what it gives out. */

const measured = topic("measured", {
  schema: z.object({ at: z.iso.datetime().transform((text) => new Date(text)), unit: z.string().default("m") }),
  key: (reading) => {
    same<typeof reading, { at: Date; unit: string }>();
    return reading.unit;
  },
});
same<typeof measured, Topic<{ at: string; unit?: string | undefined }, { at: Date; unit: string }, false>>();

export async function dataIsTyped(): Promise<void> {
  same<Awaited<ReturnType<typeof bus.publish>>, Envelope>();
  await bus.publish(measured, { at: "2025-01-01T00:00:00Z" });
  await bus.subscribe(measured, { group: "g" }, (message) => {
    same<typeof message, Message<{ at: Date; unit: string }>>();
  });
  await bus.listen(measured, ({ data }) => same<typeof data, { at: Date; unit: string }>());
  await bus.work(sendEmail, {}, async ({ data }) => same<typeof data, { to: string }>());
  await bus.subscribe(
    topic("raw", { schema: z.instanceof(Uint8Array), codec: bytes }),
    { group: "g" },
    ({ data }) => data.byteLength,
  );

  // @ts-expect-error the output, where the input is asked for
  await bus.publish(measured, { at: new Date() });
  // @ts-expect-error a wrong type
  await bus.publish(orderPlaced, { orderId: 1, customerId: "c", total: 1 });
  // @ts-expect-error a missing member
  await bus.publish(orderPlaced, { orderId: "o" });
  // @ts-expect-error a member too many
  await bus.publish(orderPlaced, { orderId: "o", customerId: "c", total: 1, extra: true });
  // @ts-expect-error no data at all
  await bus.publish(orderPlaced);
  // @ts-expect-error one wrong among many
  await bus.publishMany(sendEmail, [{ to: "a" }, { to: 5 }]);
  // @ts-expect-error a handler of other data
  await bus.subscribe(orderPlaced, { group: "g" }, ({ data }: Message<{ orderId: number }>) => data);
  await bus.subscribe(orderPlaced, { group: "g" }, ({ data }) => {
    // @ts-expect-error a member that the schema does not have
    return data.orderID;
  });
}

export async function producersAreTyped(): Promise<void> {
  const producer = bus.producer(sendEmail);
  same<typeof producer, Producer<{ to: string }, false>>();
  await producer.publish({ to: "a" }, { delay: "5s" });
  same<Awaited<ReturnType<typeof producer.publishMany>>, readonly PublishResult[]>();
  await bus.publishMany(
    orderPlaced,
    (async function* () {
      yield { orderId: "o", customerId: "c", total: 1 };
    })(),
  );
  // @ts-expect-error wrong data
  await producer.publish({ to: 5 });
  // @ts-expect-error an ordered topic takes no delay, by a producer neither
  await bus.producer(orderPlaced).publish({ orderId: "o", customerId: "c", total: 1 }, { delay: 5 });
}

/* What does not go together in a definition. */

const text = z.string();
export const definitions: readonly unknown[] = [
  topic("t", { schema: text }),
  topic("t", { schema: text, ordered: false, priorities: 3 }),
  topic("t", { schema: text, key: (data) => data.trim(), priorities: 3 }),
  queue("q", { schema: text, key: (data) => data, ordered: true }),
  // @ts-expect-error ordered without a key
  topic("t", { schema: text, ordered: true }),
  // @ts-expect-error ordered without a key, a queue neither
  queue("q", { schema: text, ordered: true }),
  // @ts-expect-error ordered with priorities
  topic("t", { schema: text, key: (data) => data, ordered: true, priorities: 3 }),
  // @ts-expect-error ordered with priorities, a queue neither
  queue("q", { schema: text, key: (data) => data, ordered: true, priorities: 3 }),
  // @ts-expect-error a key that is no string
  topic("t", { schema: text, key: (data) => data.length }),
  // @ts-expect-error no schema
  topic("t", {}),
  // @ts-expect-error a schema that is none
  topic("t", { schema: { parse: () => "t" } }),
];

/* What does not go together in a publish. */

const order = { orderId: "o", customerId: "c", total: 1 };
export async function publishes(): Promise<void> {
  await bus.publish(measured, { at: "" }, { delay: "5s", priority: 1, headers: { a: "b" }, id: "i", timeout: 5 });
  await bus.publish(measured, { at: "" }, { deliverAt: new Date(), priority: 1 });
  await bus.publish(orderPlaced, order, { headers: { a: "b" }, correlationId: "c", timeout: "5s" });
  // @ts-expect-error delay and deliverAt
  await bus.publish(measured, { at: "" }, { delay: 5, deliverAt: 5 });
  // @ts-expect-error ordered with delay
  await bus.publish(orderPlaced, order, { delay: "5s" });
  // @ts-expect-error ordered with deliverAt
  await bus.publish(orderPlaced, order, { deliverAt: new Date() });
  // @ts-expect-error ordered with priority
  await bus.publish(orderPlaced, order, { priority: 1 });
  // @ts-expect-error ordered with delay, many neither
  await bus.publishMany(orderPlaced, [order], { delay: "5s" });
  // @ts-expect-error no duration
  await bus.publish(measured, { at: "" }, { delay: "soon" });
  // @ts-expect-error no headers
  await bus.publish(measured, { at: "" }, { headers: { a: 5 } });
}

/* Topics are published and subscribed to, queues are sent to and worked. */

export async function kinds(): Promise<void> {
  same<(typeof sendEmail)["kind"], "queue">();
  await bus.send(sendEmail, { to: "a" });
  // @ts-expect-error a queue, published
  await bus.publish(sendEmail, { to: "a" });
  // @ts-expect-error a topic, sent
  await bus.send(measured, { at: "" });
  // @ts-expect-error a queue, subscribed to
  await bus.subscribe(sendEmail, { group: "g" }, () => undefined);
  // @ts-expect-error a topic, worked
  await bus.work(measured, {}, () => undefined);
  // @ts-expect-error a topic without a group
  await bus.subscribe(measured, {}, () => undefined);
  bus.inbox(measured, "g");
  bus.inbox(sendEmail);
  // @ts-expect-error a topic's inbox without a group
  bus.inbox(measured);
  // @ts-expect-error a queue's inbox with a group
  bus.inbox(sendEmail, "g");
}

/* What a handler sends. */

export async function effects(): Promise<void> {
  await bus.work(sendEmail, {}, async ({ send, publish }) => {
    await send(sendEmail, { to: "a" }, { delay: "5s" });
    await publish(orderPlaced, order);
    // @ts-expect-error wrong data
    await send(sendEmail, { to: 5 });
    // @ts-expect-error a queue, published
    await publish(sendEmail, { to: "a" });
    // @ts-expect-error a topic, sent
    await send(orderPlaced, order);
    // @ts-expect-error ordered with delay
    await publish(orderPlaced, order, { delay: 5 });
    // @ts-expect-error it leaves with the handler's end, so it takes no timeout
    await send(sendEmail, { to: "a" }, { timeout: 5 });
  });
  await bus.work(sendEmail, { retry: { permanent: (error) => error instanceof PermanentError } }, () => undefined);
  // @ts-expect-error `ordered` can only be given up
  await bus.subscribe(orderPlaced, { group: "g", ordered: true }, () => undefined);
  // @ts-expect-error no such option
  await bus.subscribe(orderPlaced, { group: "g", prefetch: 10 }, () => undefined);
}

/* A definition of some data can stand where one of any is asked for. */

same<Queue<{ to: string }, { to: string }, false>, typeof sendEmail>();
bus.manifest(orderPlaced);
// @ts-expect-error one id for many messages
void bus.publishMany(sendEmail, [{ to: "a" }], { id: "i" });
