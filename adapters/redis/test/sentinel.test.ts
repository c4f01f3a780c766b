import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, expect, test, vi } from "vitest";
import type { Settings } from "../src/url.ts";
import { opened, refusalOf, settingsFor } from "./connection.ts";
import { containing } from "./containing.ts";
import { describeRedis, startServer } from "./start-server.ts";

const folder = mkdtempSync(join(tmpdir(), "waybill-sentinel-"));
const sentinels: ChildProcess[] = [];
afterAll(async () => {
  const ends = sentinels.map((one) => once(one, "exit"));
  for (const one of sentinels) one.kill("SIGKILL");
  await Promise.all(ends);
  rmSync(folder, { recursive: true });
});

/** Starts a sentinel that watches a master of the name `main`, and gives its address. */
async function startSentinel(master: string): Promise<string> {
  const port = await freePort();
  const file = join(folder, `${port}.conf`);
  const lines = [
    `port ${port}`,
    "bind 127.0.0.1",
    `dir ${folder}`,
    `sentinel monitor main 127.0.0.1 ${new URL(master).port} 1`,
    "sentinel down-after-milliseconds main 300",
    "sentinel failover-timeout main 3000",
  ];
  writeFileSync(file, lines.join("\n"));
  const child = spawn("redis-server", [file, "--sentinel"], { stdio: ["ignore", "pipe", "inherit"] });
  sentinels.push(child);
  for await (const line of createInterface(child.stdout)) if (line.includes("+monitor master main")) break;
  child.stdout.resume();
  return `127.0.0.1:${port}`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

const settingsBy = (...addresses: string[]): Settings => settingsFor("redis://main", { sentinels: addresses });

describeRedis("a client that asks sentinels", () => {
  test("speaks to the master, and after a fail-over to the new one", async () => {
    await using master = await startServer("--repl-diskless-sync-delay", "0");
    await using replica = await startServer("--replicaof", "127.0.0.1", new URL(master.url).port);
    const settings = settingsBy(await startSentinel(master.url));
    await using before = await opened(settings);
    await before.client.command("SET", ["k", "v"]);
    expect(String(before.client.node.port)).toBe(new URL(master.url).port);
    const replicated = async (): Promise<unknown> => expect(await before.client.command("WAIT", ["1", "1000"])).toBe(1);
    await vi.waitFor(replicated, { timeout: 10_000 });
    await vi.waitFor(
      async () => {
        await using sentinel = await opened(
          settingsFor(`redis://${settings.nodes[0]?.host}:${settings.nodes[0]?.port}`),
        );
        expect(String(await sentinel.client.command("SENTINEL", ["replicas", "main"]))).toContain(
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
    const [right, wrong] = [await startSentinel(master.url), await startSentinel(replica.url)];
    await using connection = await opened(settingsBy("127.0.0.1:1", wrong, right));
    expect(String(connection.client.node.port)).toBe(new URL(master.url).port);
    const nobody = { code: "UNAVAILABLE", message: containing("no sentinel leads to a master") };
    expect(await refusalOf(settingsBy("127.0.0.1:1", wrong))).toMatchObject(nobody);
    const unknown = settingsFor("redis://other", { sentinels: [right] });
    expect(await refusalOf(unknown)).toMatchObject({ code: "CONFIG", message: containing('knows no master "other"') });
  }, 60_000);
});
