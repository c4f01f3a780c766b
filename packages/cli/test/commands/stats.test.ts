import { pattern, queue, topic } from "@waybill/core";
import { expect, test } from "vitest";
import { z } from "zod";
import { emails, orders, place, refusedOrders } from "../support.ts";

test("shows the inboxes that are named, whatever their layout", async () => {
  const { bus, run, json } = await place();
  await refusedOrders(bus, ["o-1", "o-2"]);
  await bus.inbox(orders, "reports", { ordered: false }).stats();
  await bus.send(emails, { to: "a" });
  await bus.send(emails, { to: "b" }, { delay: "1h" });
  const args = ["stats", "order.placed/billing", "order.placed/reports", "--queue", "email.send"];
  const { code, stdout } = await run(...args);
  expect(code).toBe(0);
  expect(stdout).toMatch(
    new RegExp(
      [
        "^inbox +ready  in flight  delayed  dead  oldest",
        "order\\.placed/billing +0 +0 +0 +2 +-",
        "order\\.placed/reports +0 +0 +0 +0 +-",
        "email\\.send +1 +0 +1 +0 +\\d+(ms|s)\n$",
      ].join("\n"),
    ),
  );
  expect(await json(...args)).toEqual([
    expect.objectContaining({ source: "order.placed", group: "billing", ready: 0, inFlight: 0, delayed: 0, dead: 2 }),
    expect.objectContaining({ source: "order.placed", group: "reports", dead: 0 }),
    expect.objectContaining({ source: "email.send", group: "email.send", ready: 1, delayed: 1 }),
  ]);
});

test("without a name shows those under `consumers` in the configuration", async () => {
  const { bus, json } = await place({ consumers: { "order.placed/billing": {}, "email.send": { concurrency: 2 } } });
  await bus.inbox(orders, "billing").stats();
  await bus.send(emails, { to: "a" });
  expect(await json("stats")).toEqual([
    expect.objectContaining({ source: "order.placed", group: "billing", ready: 0 }),
    expect.objectContaining({ source: "email.send", ready: 1 }),
  ]);
});

test("--watch goes on until Ctrl-C", async () => {
  const { bus, start } = await place();
  await bus.send(emails, { to: "a" });
  const watch = start("stats", "--queue", "email.send", "--watch", "--interval", "5ms", "--json");
  await watch.seen(/"ready":1/);
  await bus.send(emails, { to: "b" });
  await watch.seen(/"ready":2/);
  watch.kill("SIGINT");
  expect(await watch.ended).toMatchObject({ code: 130, stderr: "" });
});

test.each([
  [["stats"], "give topic/group or --queue <name>; the configuration has no consumers to go by"],
  [["stats", "email.send"], `"email.send" names no inbox; write topic/group, or --queue email.send for a queue`],
  [["stats", "--queue", "q", "--watch", "--interval", "soon"], /^--interval is "soon"; give a number of ms/],
])("%j is refused", async (args, says) => {
  const { code, stderr } = await (await place()).run(...args);
  expect(code).toBe(2);
  expect(stderr.replace("waybill: ", "")).toMatch(says);
});

test("layouts are found out: order, priorities, retention, a group without order, a pattern", async () => {
  const { bus, json } = await place();
  const schema = z.unknown();
  const kept = topic("kept", { schema, key: () => "k", ordered: true, retain: "7d" });
  await bus.inbox(kept, "fast", { ordered: false }).stats();
  await bus.inbox(queue("urgent", { schema, priorities: 5 })).stats();
  await bus.inbox(queue("in.order", { schema, key: () => "k", ordered: true })).stats();
  await bus.inbox(pattern("order.#", { ordered: true }), "audit").stats();
  const args = ["kept/fast", "order.#/audit", "--queue", "urgent", "--queue", "in.order"];
  const depths = (await json("stats", ...args)) as readonly { readonly source: string }[];
  expect(depths.map(({ source }) => source)).toEqual(["kept", "order.#", "urgent", "in.order"]);
});

test("a queue that is named as a topic is said to be one", async () => {
  const { bus, run } = await place();
  await bus.inbox(emails).stats();
  const { code, stderr } = await run("stats", "email.send/g");
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: "waybill: there is a queue of this name; name it with --queue\n",
  });
});
