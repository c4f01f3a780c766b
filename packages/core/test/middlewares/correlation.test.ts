import type { Bus, Envelope, Message } from "@waybill/core";
import { connect, correlation, queue, topic } from "@waybill/core";
import { memory } from "@waybill/memory";
import { virtualClock } from "@waybill/testing";
import { expect, test } from "vitest";
import { z } from "zod";

const orders = queue("orders", { schema: z.string() });
const billed = topic("order.billed", { schema: z.string() });
const headers = { traceparent: "00-1-2-01", tracestate: "a=b", baggage: "user=7", own: "x" };
let buses = 0;

/** What `react` made of an order that belongs to a longer story, and the order. */
async function madeBy(
  react: (message: Message<string>, bus: Bus) => Promise<Envelope>,
  { used = true, given = headers as Record<string, string> } = {},
): Promise<{ readonly order: Envelope; readonly made: Envelope | undefined }> {
  const clock = virtualClock();
  const bus = await connect(`memory:correlation-test-${(buses += 1)}`, { clock, adapters: [memory] });
  if (used) bus.use(correlation());
  const seen: Envelope[] = [];
  await bus.subscribe(billed, { group: "watch" }, (message) => void seen.push({ ...envelopeOf(message) }));
  await bus.work(orders, {}, (message) => react(message, bus));
  const order = await bus.send(orders, "o-1", { correlationId: "story", headers: given });
  await clock.flush();
  await bus.close();
  return { order, made: seen[0] };
}

function envelopeOf({ id, correlationId, causationId, headers: seen }: Envelope): Partial<Envelope> & Envelope {
  return { id, correlationId, causationId, headers: seen } as Envelope;
}

test.each([
  ["its message", ({ publish }: Message<string>) => publish(billed, "o-1")],
  ["the bus", (_: Message<string>, bus: Bus) => bus.publish(billed, "o-1")],
  [
    "the bus, deep in its calls",
    async (_: Message<string>, bus: Bus) => {
      await new Promise((resolve) => void setImmediate(resolve));
      return bus.producer(billed).publish("o-1");
    },
  ],
])("what a handler publishes through %s has its correlation, cause and trace, no other header", async (_, react) => {
  const { order, made } = await madeBy(react);
  expect(made).toMatchObject({ correlationId: "story", causationId: order.id });
  expect(made?.headers).toEqual({ traceparent: "00-1-2-01", tracestate: "a=b", baggage: "user=7" });
});

test("without the middleware what goes through the bus begins a story of its own", async () => {
  const { made } = await madeBy((_, bus) => bus.publish(billed, "o-1"), { used: false });
  expect(made).toMatchObject({ correlationId: made?.id, causationId: undefined, headers: {} });
});

test("a correlation id and headers given with the publish stand, and no foreign state joins a trace of its own", async () => {
  const own = { traceparent: "00-9-9-01", baggage: "mine" };
  const { order, made } = await madeBy((_, bus) => bus.publish(billed, "o", { correlationId: "other", headers: own }));
  expect(made).toMatchObject({ correlationId: "other", causationId: order.id });
  expect(made?.headers).toEqual(own);
});

test("a message without a trace hands none on", async () => {
  const { made } = await madeBy((_, bus) => bus.publish(billed, "o"), { given: { tracestate: "lost", own: "x" } });
  expect(made?.headers).toEqual({});
});

test("what is published outside of a handler is nobody's doing", async () => {
  const bus = await connect(`memory:correlation-test-${(buses += 1)}`, { adapters: [memory] });
  bus.use(correlation());
  const first = await bus.publish(billed, "o-1");
  expect(first).toMatchObject({ correlationId: first.id, causationId: undefined });
  await bus.close();
});
