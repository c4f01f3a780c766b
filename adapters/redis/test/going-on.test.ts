import { expect, test } from "vitest";
import { opened, settingsFor } from "./connection.ts";
import { eventually } from "./rig.ts";
import { startSentinel } from "./start-sentinel.ts";
import { describeRedis, startServer } from "./start-server.ts";
import { trafficOn } from "./traffic.ts";

describeRedis("publishers and consumers go on, and lose nothing", () => {
  test("while scripts are flushed again and again, and double nothing", async () => {
    await using server = await startServer();
    await using other = await opened(settingsFor(server.url));
    await using traffic = await trafficOn(server.url);
    for (let flushes = 0; flushes < 50; flushes += 1) {
      await other.client.command("SCRIPT", ["FLUSH"]);
      await traffic.goesOn(10);
    }
    await traffic.stop();
    expect([...traffic.handled].filter(([, times]) => times !== 1)).toEqual([]);
    expect(traffic.reports).toEqual([]);
  });

  test("while the master is a replica for a while", async () => {
    await using server = await startServer();
    await using other = await opened(settingsFor(server.url));
    await using traffic = await trafficOn(server.url);
    for (const _ of [1, 2]) {
      await traffic.goesOn();
      const before = traffic.reports.length;
      await other.client.command("REPLICAOF", ["127.0.0.1", 1]);
      await eventually(() =>
        expect(traffic.reports.slice(before)).toContainEqual(
          expect.objectContaining({ kind: "lost", error: expect.objectContaining({ code: "UNAVAILABLE" }) as unknown }),
        ),
      );
      await other.client.command("REPLICAOF", ["NO", "ONE"]);
    }
    await traffic.goesOn();
    await traffic.stop();
    expect(traffic.reports.find(({ error }) => error?.message.includes("replica"))).toBeDefined();
  });

  test("through a fail-over by sentinels, where each batch is confirmed by a replica", async () => {
    await using master = await startServer("--repl-diskless-sync-delay", "0");
    await using replica = await startServer(
      "--repl-diskless-sync-delay",
      "0",
      "--replicaof",
      "127.0.0.1",
      new URL(master.url).port,
    );
    await using sentinel = await startSentinel(master.url);
    await using asked = await opened(settingsFor(`redis://${sentinel.address}`));
    await eventually(async () =>
      expect(String(await asked.client.command("SENTINEL", ["replicas", "main"]))).toMatch(/slave.*,ok,/),
    );
    await using traffic = await trafficOn("redis://main", { sentinels: [sentinel.address], durability: "replicas:1" });
    await traffic.goesOn();
    await asked.client.command("SENTINEL", ["failover", "main"]);
    const isMaster = async (): Promise<void> => {
      const address = await asked.client.command("SENTINEL", ["get-master-addr-by-name", "main"]);
      expect(String(address)).toBe(`127.0.0.1,${new URL(replica.url).port}`);
    };
    await eventually(isMaster);
    await traffic.goesOn();
    await traffic.stop();
  }, 60_000);
});
