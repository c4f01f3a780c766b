import { topic } from "@waybill/core";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { orders, place } from "../support.ts";

const order = { orderId: "o-1", total: 42 };

test("shows what comes and takes nothing from any group; --count ends it", async () => {
  const { bus, start } = await place();
  const inbox = bus.inbox(orders, "billing");
  await inbox.stats();
  const tail = start("tail", "order.placed", "--count", "2");
  await tail.seen(/listening to order\.placed/);
  await bus.publish(orders, order, { headers: { region: "north" } });
  await bus.publish(orders, { ...order, orderId: "o-2" });
  const { code, stdout } = await tail.ended;
  expect(code).toBe(0);
  const time = String.raw`\d{4}-\d\d-\d\dT[\d:.]+Z`;
  expect(stdout).toMatch(new RegExp(`^${time}  order\\.placed  key=o-1 region=north  {"orderId":"o-1","total":42}\n`));
  expect(stdout).toMatch(/key=o-2 {2}\{"orderId":"o-2","total":42\}\n$/);
  expect(await inbox.stats()).toMatchObject({ ready: 2 });
});

test("a topic is shown in any version, and no other topic", async () => {
  const { bus, start } = await place();
  const schema = z.unknown();
  await bus.publish(topic("order", { schema }), { n: 0 });
  const tail = start("tail", "order", "--count", "2");
  await tail.seen(/listening to order;/);
  await bus.publish(topic("order", { schema, version: 7 }), { n: 1 });
  await bus.publish(topic("order.placed", { schema }), { n: 2 });
  await bus.publish(topic("order", { schema }), { n: 3 });
  const { stdout } = await tail.ended;
  expect(stdout.match(/\{.*\}/g)).toEqual([`{"n":1}`, `{"n":3}`]);
});

test("a pattern shows all topics that fit, also those that come later", async () => {
  const { bus, start } = await place();
  const schema = z.unknown();
  await bus.publish(topic("order.placed", { schema }), { n: 0 });
  const tail = start("tail", "order.*", "--count", "2");
  await tail.seen(/listening to order\.\*;/);
  await bus.publish(topic("order.placed", { schema }), { n: 1 });
  await bus.publish(topic("order.a.b", { schema }), { n: 2 });
  await bus.publish(topic("order.new", { schema }), { n: 3 });
  const { stdout } = await tail.ended;
  expect(stdout.match(/order\..*/g)).toEqual([`order.placed  {"n":1}`, `order.new  {"n":3}`]);
});

describe("as JSON", () => {
  test("gives envelope and data, a message a line", async () => {
    const { bus, start } = await place();
    await bus.inbox(orders, "billing").stats();
    const tail = start("tail", "order.placed", "--json");
    // It says nothing for people, so it is asked until it answers.
    await expect
      .poll(
        async () => {
          await bus.publish(orders, order);
          return await Promise.race([
            tail.seen(/\n/).then(() => "shown"),
            new Promise((resolve) => setImmediate(resolve, "not yet")),
          ]);
        },
        { timeout: 20_000 },
      )
      .toBe("shown");
    tail.kill("SIGINT");
    const { code, stdout } = await tail.ended;
    expect(code).toBe(130);
    expect(JSON.parse(stdout.split("\n")[0] ?? "")).toMatchObject({
      type: "order.placed",
      source: "order-service",
      key: "o-1",
      version: 1,
      headers: {},
      data: order,
    });
  });
});

test("Ctrl-C ends it in order, with 130", async () => {
  const { bus, start } = await place();
  await bus.inbox(orders, "billing").stats();
  const tail = start("tail", "order.placed");
  await tail.seen(/listening/);
  tail.kill("SIGINT");
  expect(await tail.ended).toMatchObject({ code: 130, stdout: "" });
});

test("ends quietly when nobody reads it any more", async () => {
  const { bus, start } = await place();
  await bus.inbox(orders, "billing").stats();
  const tail = start("tail", "order.placed");
  await tail.seen(/listening/);
  tail.closeOutput();
  let over = false;
  const ended = tail.ended.finally(() => (over = true));
  await expect
    .poll(
      async () => {
        await bus.publish(orders, order);
        return over;
      },
      { timeout: 20_000 },
    )
    .toBe(true);
  const { code, stderr } = await ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: "listening to order.placed; Ctrl-C ends it\n" });
});

test("a topic that is not there is no topic to wait for", async () => {
  const { run } = await place();
  expect(await run("tail", "order.plaecd")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("is not there") as unknown,
  });
});
