import { describe, expect, test } from "vitest";
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
