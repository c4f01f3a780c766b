import { containing } from "@waybill/test-servers";
import { expect, test, vi } from "vitest";
import type { Settings } from "../src/url.ts";
import { opened, refusalOf, settingsFor } from "./connection.ts";
import { startSentinel } from "./start-sentinel.ts";
import { describeRedis, startServer } from "./start-server.ts";

const settingsBy = (...addresses: string[]): Settings => settingsFor("redis://main", { sentinels: addresses });

describeRedis("a client that asks sentinels", () => {
  test("speaks to the master, and after a fail-over to the new one", async () => {
    await using master = await startServer("--repl-diskless-sync-delay", "0");
    await using replica = await startServer("--replicaof", "127.0.0.1", new URL(master.url).port);
    await using sentinel = await startSentinel(master.url);
    const settings = settingsBy(sentinel.address);
    await using before = await opened(settings);
    await before.client.command("SET", ["k", "v"]);
    expect(String(before.client.node.port)).toBe(new URL(master.url).port);
    const replicated = async (): Promise<unknown> => expect(await before.client.command("WAIT", ["1", "1000"])).toBe(1);
    await vi.waitFor(replicated, { timeout: 10_000 });
    await vi.waitFor(
      async () => {
        await using asked = await opened(settingsFor(`redis://${sentinel.address}`));
        expect(String(await asked.client.command("SENTINEL", ["replicas", "main"]))).toContain(
          new URL(replica.url).port,
        );
      },
      { timeout: 20_000 },
    );
    await master.kill();
    expect((await before.lost).code).toBe("UNAVAILABLE");
    await vi.waitFor(
      async () => {
        await using after = await opened(settings);
        expect(String(after.client.node.port)).toBe(new URL(replica.url).port);
        expect(String(await after.client.command("GET", ["k"]))).toBe("v");
        expect(String(await after.client.command("SET", ["k", "w"]))).toBe("OK");
      },
      { timeout: 30_000 },
    );
  }, 90_000);

  test("goes on to the next where one is gone or names a server that is no master", async () => {
    await using master = await startServer();
    await using replica = await startServer("--replicaof", "127.0.0.1", "1");
    await using rightOne = await startSentinel(master.url);
    await using wrongOne = await startSentinel(replica.url);
    const [right, wrong] = [rightOne.address, wrongOne.address];
    await using connection = await opened(settingsBy("127.0.0.1:1", wrong, right));
    expect(String(connection.client.node.port)).toBe(new URL(master.url).port);
    const nobody = { code: "UNAVAILABLE", message: containing("no sentinel leads to a master") };
    expect(await refusalOf(settingsBy("127.0.0.1:1", wrong))).toMatchObject(nobody);
    const unknown = settingsFor("redis://other", { sentinels: [right] });
    expect(await refusalOf(unknown)).toMatchObject({ code: "CONFIG", message: containing('knows no master "other"') });
  }, 60_000);
});
