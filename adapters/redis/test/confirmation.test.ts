import { expect, test, vi } from "vitest";
import { confirmed } from "../src/confirmation.ts";
import { opened, settingsFor } from "./connection.ts";
import { describeRedis, startServer } from "./start-server.ts";

const replicas = (count: number) => ({ kind: "replicas", count }) as const;

describeRedis("a batch", () => {
  test("that a replica has is confirmed, and unknown where too few have it", async () => {
    await using master = await startServer("--repl-diskless-sync-delay", "0");
    const { port } = new URL(master.url);
    await using replica = await startServer("--replicaof", "127.0.0.1", port);
    await using connection = await opened(settingsFor(master.url));
    const { client } = connection;
    const connected = async (): Promise<unknown> =>
      expect(String(await client.command("ROLE", []))).toContain(new URL(replica.url).port);
    await vi.waitFor(connected, { timeout: 10_000 });
    const stored = client.command("SET", ["k", "v"]);
    await confirmed(client, replicas(1), "k", 10_000);
    expect(String(await stored)).toBe("OK");
    await expect(confirmed(client, replicas(2), "k", 10)).rejects.toMatchObject({
      code: "OUTCOME_UNKNOWN",
      message: "redis: the batch was stored, but 1 of 2 replicas have it after 10 ms",
    });
  });

  test("is unknown as well where the server cannot be asked", async () => {
    await using server = await startServer("--rename-command", "WAIT", "");
    await using connection = await opened(settingsFor(server.url));
    await expect(confirmed(connection.client, replicas(1), "k", 10)).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN" });
  });
});
