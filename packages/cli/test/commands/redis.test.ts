import { randomUUID } from "node:crypto";
import { connect } from "@waybill/core";
import { redis } from "@waybill/redis";
import { orSkip, startBroker } from "@waybill/testing";
import { afterAll, expect, onTestFinished, test } from "vitest";
import { emails, orders, place, refusedOrders } from "../support.ts";

const broker = await orSkip(startBroker("redis"));
afterAll(() => broker?.stop());

test.skipIf(broker === undefined)("a Redis is examined, published to and repaired as a file is", async () => {
  const url = broker?.url ?? "";
  const namespace = `cli-${randomUUID()}`;
  const { run } = await place({
    url,
    namespace,
    adapters: { redis: { leaseMs: 5_000 } },
    consumers: { "order.placed/billing": {}, "email.send": {} },
  });
  const examined = await run("doctor");
  expect(examined.code).toBe(0);
  expect(examined.stdout).toContain("· sections: redis (file)");
  expect(examined.stdout).toContain("· order.placed/billing: is not there yet; its first consumer makes it");

  const bus = await connect(url, { source: "order-service", namespace, adapters: [redis] });
  onTestFinished(async () => {
    for (const definition of [orders, emails]) await bus.remove(definition);
    await bus.close();
  });
  await refusedOrders(bus, ["o-1", "o-2"]);
  const { code, stdout } = await run("doctor");
  expect(stdout).toMatch(/^✓ carrier: order key, attempts stored, move atomic, durability \w+, can .*topics/m);
  expect(stdout).toMatch(/^✓ order\.placed\/billing: is there, with 2 dead letters$/m);
  expect(code).toBe(0);
  expect(await run("dlq", "redrive", "order.placed", "billing", "--grep", "o-2")).toMatchObject({
    stdout: "1 redriven\n",
  });
  expect(await run("publish", "--queue", "email.send", "--create", '{"to":"ada"}')).toMatchObject({ code: 0 });
  expect((await run("stats")).stdout).toMatch(/^order\.placed\/billing +1 +0 +0 +1 .*\nemail\.send +1 +0 +0 +0 /m);
});

test.skipIf(broker === undefined)("a Redis that lets nobody in is wrong, and its password is not shown", async () => {
  const { run } = await place();
  const url = (broker?.url ?? "").replace(/\/\/([^@]*@)?/, "//:s3cret@");
  const { code, stdout } = await run("doctor", "--url", url);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^· url: redis:\/\/…@/m);
  expect(stdout).toMatch(/^✗ connection: redis at .* password/m);
  expect(stdout).not.toContain("s3cret");
});
