import { connect } from "@waybill/core";
import { orSkip } from "@waybill/testing";
import { afterAll, describe, expect, test } from "vitest";
import { rabbitmq } from "../src/rabbitmq.ts";
import { orders } from "./orders.ts";
import { eventually } from "./rig.ts";
import { startServer } from "./start-server.ts";

const server = await orSkip(startServer());
afterAll(() => server?.stop());
const url = server?.url ?? "amqp://guest:guest@none";

describe.skipIf(server === undefined)("a server that is short of memory", () => {
  test("holds publishers back, within their bounds and saying why, while consumers go on; then all is as before", async () => {
    const reports: string[] = [];
    await using bus = await connect(url, {
      adapters: [rabbitmq],
      publishTimeout: "60s",
      onReport: ({ kind, error }) => void reports.push(`${kind} ${error?.message ?? ""}`),
    });
    const gate = Promise.withResolvers<void>();
    const handled: number[] = [];
    await bus.work(orders, { concurrency: 1 }, async ({ data }) => {
      if (data.n === 1) await gate.promise;
      handled.push(data.n);
    });
    await bus.send(orders, { n: 1 });
    await bus.send(orders, { n: 2 });
    await server?.administer("set_vm_memory_high_watermark", "0.0001");
    try {
      const waiting = bus.send(orders, { n: 3 });
      await eventually(() => expect(reports.join()).toContain("low on memory"));
      gate.resolve();
      await eventually(() => expect(handled.slice(0, 2)).toEqual([1, 2]));
      await expect(bus.send(orders, { n: 4 }, { timeout: "300ms" })).rejects.toThrow(/(was|have been) (not )?stored/);
      const health = await bus.health({ stalledAfter: "1ms" });
      expect(health.healthy).toBe(false);
      expect(health.publishing.error?.message).toContain("low on memory");
      await server?.administer("set_vm_memory_high_watermark", "0.9");
      await waiting;
      expect(reports.map((report) => report.split(" ", 1)[0])).toEqual(["throttled", "restored"]);
      await eventually(() => expect(handled).toContain(3));
      await eventually(async () => expect((await bus.health({ stalledAfter: "1ms" })).healthy).toBe(true));
    } finally {
      await server?.administer("set_vm_memory_high_watermark", "0.9");
    }
  });
});
