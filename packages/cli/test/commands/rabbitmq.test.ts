import { randomUUID } from "node:crypto";
import { connect } from "@waybill/core";
import { rabbitmq } from "@waybill/rabbitmq";
import { orSkip, startBroker } from "@waybill/testing";
import { afterAll, expect, onTestFinished, test } from "vitest";
import { emails, orders, place, refusedOrders } from "../support.ts";

const broker = await orSkip(startBroker("rabbitmq"));
afterAll(() => broker?.stop());

test.skipIf(broker === undefined)("a RabbitMQ is examined, published to and repaired as a file is", async () => {
  const url = broker?.url ?? "";
  const namespace = `cli-${randomUUID()}`;
  const { run } = await place({
    url,
    namespace,
    adapters: { rabbitmq: { heartbeatMs: 2_000 } },
    consumers: { "order.placed/billing": {}, "email.send": {} },
  });
  const examined = await run("doctor");
  expect(examined.code).toBe(0);
  expect(examined.stdout).toContain("· sections: rabbitmq (file)");

  const bus = await connect(url, { source: "order-service", namespace, adapters: [rabbitmq] });
  onTestFinished(async () => {
    for (const definition of [orders, emails]) await bus.remove(definition);
    await bus.close();
  });
  await refusedOrders(bus, ["o-1", "o-2"]);
  const { code, stdout } = await run("doctor");
  expect(stdout).toMatch(/^✓ carrier: order key, attempts stored, move copy, durability \w+, can .*topics/m);
  expect(stdout).toMatch(/^✓ order\.placed\/billing: is there, with 2 dead letters$/m);
  expect(code).toBe(0);
  expect(await run("dlq", "redrive", "order.placed", "billing", "--grep", "o-2")).toMatchObject({
    stdout: "1 redriven\n",
  });
  expect(await run("publish", "--queue", "email.send", "--create", '{"to":"ada"}')).toMatchObject({ code: 0 });
  const stats = await run("stats");
  expect(stats.stdout).toMatch(/^order\.placed\/billing +1 .*\nemail\.send +1 /m);
});

test.skipIf(broker === undefined)(
  "a RabbitMQ that lets nobody in is wrong, and its password is not shown",
  async () => {
    const { run } = await place();
    const url = (broker?.url ?? "").replace(/\/\/([^@]*@)?/, "//guest:s3cret@");
    const { code, stdout } = await run("doctor", "--url", url);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^· url: amqp:\/\/…@/m);
    expect(stdout).toMatch(/^✗ connection: rabbitmq at .* password/m);
    expect(stdout).not.toContain("s3cret");
  },
);
