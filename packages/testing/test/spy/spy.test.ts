import { randomUUID } from "node:crypto";
import { type Bus, connect as connectTo, type Definition, fixed, Postpone, queue, topic } from "@waybill/core";
import { spy } from "@waybill/testing";
import { expect, test } from "vitest";

/** A schema of objects whose one member is a text. */
function textsOf<Name extends string>(name: Name): Definition<Texts<Name>, Texts<Name>>["schema"] {
  const validate = (value: unknown): ReturnType<Definition<unknown, Texts<Name>>["schema"]["~standard"]["validate"]> =>
    typeof (value as Texts<Name>)[name] === "string"
      ? { value: value as Texts<Name> }
      : { issues: [{ message: "not a text", path: [name] }] };
  return { "~standard": { version: 1, vendor: "test", validate } };
}

type Texts<Name extends string> = Readonly<Record<Name, string>>;

const orderPlaced = topic("order.placed", { schema: textsOf("orderId") });
const sendEmail = queue("email.send", { schema: textsOf("to") });

/** A bus that shares nothing with those of other tests. */
function connect(): Promise<Bus> {
  return connectTo("memory:", { namespace: randomUUID() });
}

test("tells what was published and handled, also what had happened before it was asked", async () => {
  await using bus = await connect();
  const seen = spy(bus);
  await bus.subscribe(orderPlaced, { group: "billing" }, () => undefined);
  await bus.publish(orderPlaced, { orderId: "o-1" }, { headers: { tenant: "a" } });
  const handled = await seen.handled(orderPlaced, ({ data }) => data.orderId === "o-1");
  expect(handled).toMatchObject({ type: "order.placed", group: "billing", attempt: 1, outcome: "handled" });
  expect(await seen.published(orderPlaced)).toMatchObject({
    data: { orderId: "o-1" },
    headers: { tenant: "a" },
    outcome: "stored",
    causationId: undefined,
  });
  expect(await seen.handled(orderPlaced)).toBe(handled);
  expect(seen.allHandled).toEqual([handled]);
});

test("waits for what is to come, by definition and by what fits", async () => {
  await using bus = await connect();
  const seen = spy(bus);
  await bus.subscribe(orderPlaced, { group: "billing" }, () => undefined);
  const second = seen.handled(orderPlaced, ({ data }) => data.orderId === "o-2");
  await bus.publish(orderPlaced, { orderId: "o-1" });
  await bus.publish(orderPlaced, { orderId: "o-2" });
  expect((await second).data).toEqual({ orderId: "o-2" });
});

test("every attempt counts by itself, with why it failed", async () => {
  await using bus = await connect();
  const seen = spy(bus);
  const retry = { maxAttempts: 3, delay: fixed(0) };
  await bus.subscribe(orderPlaced, { group: "billing", retry }, ({ attempt }) => {
    if (attempt === 1) throw new Error("the card was refused");
    if (attempt === 2 && seen.allHandled.length === 1) throw new Postpone(0, "later");
  });
  await bus.publish(orderPlaced, { orderId: "o-1" });
  expect(await seen.handled(orderPlaced)).toMatchObject({ attempt: 2, outcome: "handled" });
  expect(seen.allHandled.map(({ outcome }) => outcome)).toEqual(["failed", "postponed", "handled"]);
  expect(seen.allHandled[0]?.error).toEqual(new Error("the card was refused"));
});

test("a handling that is over before its handler is interrupted or, by its timeout, failed", async () => {
  const bus = await connect();
  const seen = spy(bus);
  await bus.work(sendEmail, {}, ({ signal }) => new Promise((resolve) => signal.addEventListener("abort", resolve)));
  await bus.subscribe(orderPlaced, { group: "g", timeout: 20, retry: { maxAttempts: 1 } }, () => new Promise(() => {}));
  await bus.publish(orderPlaced, { orderId: "o-1" });
  expect(await seen.handled(orderPlaced, () => true)).toMatchObject({ outcome: "failed", error: { code: "TIMEOUT" } });
  await bus.send(sendEmail, { to: "c-1" });
  await bus.close({ grace: 50 });
  expect(await seen.handled(sendEmail, () => true)).toMatchObject({ outcome: "interrupted" });
});

test("what a handler sends is published when it has succeeded, and not when it fails", async () => {
  await using bus = await connect();
  const seen = spy(bus);
  const retry = { maxAttempts: 2, delay: fixed(0) };
  await bus.subscribe(orderPlaced, { group: "billing", retry }, async ({ attempt, send }) => {
    await send(sendEmail, { to: `c-${attempt}` });
    if (attempt === 1) throw new Error("not yet");
  });
  const { id } = await bus.publish(orderPlaced, { orderId: "o-1" });
  expect(await seen.published(sendEmail)).toMatchObject({ data: { to: "c-2" }, causationId: id, outcome: "stored" });
  expect(seen.allPublished.map(({ type }) => type)).toEqual(["order.placed", "email.send"]);
});

test("a publish that fails is seen as such", async () => {
  await using bus = await connect();
  const seen = spy(bus);
  const wrong = { to: 7 } as unknown as { to: string };
  await expect(bus.send(sendEmail, wrong)).rejects.toMatchObject({ code: "INVALID_DATA" });
  expect(await seen.published(sendEmail, ({ outcome }) => outcome === "failed")).toMatchObject({
    data: { to: 7 },
    error: { code: "INVALID_DATA" },
  });
});

test("what does not come in time fails, and the error tells what came instead", async () => {
  await using bus = await connect();
  const seen = spy(bus);
  await expect(seen.published(orderPlaced, undefined, { within: 10 })).rejects.toThrow(
    'nothing published to "order.placed" was as wished within 10 ms; nothing was seen',
  );
  await bus.subscribe(orderPlaced, { group: "billing", retry: { maxAttempts: 1 } }, () => {
    throw new Error("the card was refused");
  });
  await bus.publish(orderPlaced, { orderId: "o-1" });
  await seen.handled(orderPlaced, ({ outcome }) => outcome === "failed");
  await expect(seen.handled(orderPlaced, undefined, { within: "20ms" })).rejects.toThrow(
    "no handling of \"order.placed\" was as wished within 20 ms; seen: order.placed { orderId: 'o-1' } failed, " +
      "attempt 1 (Error: the card was refused), 0 running",
  );
});

test("a wish that throws is told at once", async () => {
  await using bus = await connect();
  const seen = spy(bus);
  const asked = seen.published(orderPlaced, () => {
    throw new TypeError("a mistake of the test");
  });
  const [told] = await Promise.allSettled([asked, bus.publish(orderPlaced, { orderId: "o-1" })]);
  expect(told).toEqual({ status: "rejected", reason: new TypeError("a mistake of the test") });
});
