import { expect, test, vi } from "vitest";
import { confirmed } from "../src/confirmation.ts";
import { opened, settingsFor } from "./connection.ts";
import { startServer } from "./redis-server.ts";

const replicas = (count: number) => ({ kind: "replicas", count }) as const;

test("what a replica has is confirmed, and unknown where too few have it", async () => {
  await using master = await startServer(["--repl-diskless-sync-delay", "0"]);
  await using replica = await startServer(["--replicaof", "127.0.0.1", String(master.port)]);
  await using connection = await opened(settingsFor(master.address));
  const { client } = connection;
  const connected = async (): Promise<unknown> =>
    expect(String(await client.command("ROLE", []))).toContain(String(replica.port));
  await vi.waitFor(connected, { timeout: 10_000 });
  const stored = client.command("SET", ["k", "v"]);
  await confirmed(client, replicas(1), "k", 10_000);
  expect(String(await stored)).toBe("OK");
  await expect(confirmed(client, replicas(2), "k", 10)).rejects.toMatchObject({
    code: "OUTCOME_UNKNOWN",
    message: "redis: the batch was stored, but 1 of 2 replicas have it after 10 ms",
  });
});

test("what cannot be asked for is unknown as well", async () => {
  await using old = await startServer();
  await using connection = await opened(settingsFor(old.address));
  const asked = confirmed(connection.client, { kind: "fsync" }, "k", 10);
  await expect(asked).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN" });
});
