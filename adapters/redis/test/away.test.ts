import { inspect } from "node:util";
import { connect, type ConnectOptions, WaybillError } from "@waybill/core";
import { faultProxy } from "@waybill/testing";
import { expect, test } from "vitest";
import { redis } from "../src/redis.ts";
import { urlWith } from "./connection.ts";
import { orders } from "./fixtures/orders.ts";
import { eventually } from "./rig.ts";
import { describeRedis, startServer } from "./start-server.ts";
import { trafficOn } from "./traffic.ts";

const password = "sesame-open";
const options = {
  adapters: [redis],
  options: { commandTimeoutMs: 500, connectTimeoutMs: 500 },
} satisfies ConnectOptions;

describeRedis("a bus whose server", () => {
  test("is behind a black hole holds so much and refuses the rest as BUSY; what it holds is stored afterwards", async () => {
    await using server = await startServer();
    await using proxy = await faultProxy({ to: server.url });
    await using bus = await connect(proxy.url(server.url), { ...options, maxBufferedBytes: 100_000 });
    await bus.send(orders, "warm");
    proxy.blackHole();
    const big = "x".repeat(10_000);
    const sending = Promise.allSettled(Array.from({ length: 50 }, () => bus.send(orders, big)));
    await eventually(() => expect(proxy.toServer.swallowed).toBeGreaterThan(0));
    await expect(bus.send(orders, big)).rejects.toMatchObject({ code: "BUSY" });
    await proxy.heal();
    const results = await sending;
    const codes = results.flatMap((one) => (one.status === "rejected" ? [(one.reason as WaybillError).code] : []));
    expect(new Set(codes)).toEqual(new Set(["BUSY"]));
    const stored = results.length - codes.length;
    expect(stored).toBeGreaterThan(0);
    expect(stored).toBeLessThanOrEqual(10);
    expect(await bus.inbox(orders).stats()).toMatchObject({ ready: stored + 1 });
  });

  test("is slow is waited for, and nothing is lost or doubled", async () => {
    await using server = await startServer();
    await using proxy = await faultProxy({ to: server.url });
    await using traffic = await trafficOn(proxy.url(server.url));
    proxy.toServer.throttle(100_000);
    proxy.toClient.delay(20, 20);
    await traffic.goesOn(100);
    await proxy.heal();
    await traffic.goesOn();
    await traffic.stop();
    expect([...traffic.handled].filter(([, times]) => times !== 1)).toEqual([]);
  });

  test("refuses it, goes away or is a wrong one tells no password: not in errors, reports, health", async () => {
    await using server = await startServer("--requirepass", password);
    const wrong = [
      [{ password: `not-${password}` }, "PERMISSION"],
      [{ password, pathname: "/99" }, "CONFIG"],
      [{ password, protocol: "rediss:" }, "UNAVAILABLE"],
      [{ password, port: "1" }, "UNAVAILABLE"],
    ] as const;
    for (const [changes, code] of wrong) {
      const { protocol, ...others } = { protocol: "redis:", ...changes };
      const url = urlWith(server.url, others).replace("redis:", protocol);
      const error: unknown = await connect(url, options).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code });
      expect(shown(error)).not.toContain(password);
    }
    const reports: unknown[] = [];
    const url = urlWith(server.url, { password });
    await using bus = await connect(url, { ...options, onReport: (report) => void reports.push(report) });
    await using _ = await bus.work(orders, {}, () => undefined);
    await server.kill();
    const unsent: unknown = await bus.send(orders, 1, { timeout: "200ms" }).catch((thrown: unknown) => thrown);
    expect(unsent).toBeInstanceOf(WaybillError);
    const health = await bus.health({ stalledAfter: "1ms" });
    expect(health.healthy).toBe(false);
    const written = JSON.stringify([unsent, health, reports]);
    for (const one of [unsent, health, reports, bus, written]) expect(shown(one)).not.toContain(password);
    expect(reports).not.toEqual([]);
    await server.restart();
    await bus.send(orders, 1);
  });
});

function shown(value: unknown): string {
  return inspect(value, { depth: 20, showHidden: true });
}
