import { once } from "node:events";
import { containing, debianServer, thrownBy } from "@waybill/test-servers";
import { faultProxy, startBroker } from "@waybill/testing";
import { describe, expect, test, vi } from "vitest";
import { confirmed } from "../src/confirmation.ts";
import { checkServer, factsOf, openServer, type ServerFacts, warn } from "../src/server.ts";
import type { Confirmed } from "../src/url.ts";
import { opened, settingsFor } from "./connection.ts";
import { describeRedis, startServer } from "./start-server.ts";

async function factsWith(...args: string[]): Promise<ServerFacts> {
  await using server = await startServer(...args);
  await using connection = await opened(settingsFor(server.url));
  return factsOf(connection.client);
}

const facts: ServerFacts = {
  node: { host: "h", port: 1 },
  product: "redis",
  version: [6, 2, 0],
  role: "master",
  durability: "process",
  maxmemoryPolicy: "noeviction",
  replicas: 0,
  has: { waitaof: false },
};
const fsync: Confirmed = { kind: "fsync" };
const replicas: Confirmed = { kind: "replicas", count: 1 };

describeRedis("the facts of a server", () => {
  test.each([
    [["--appendonly", "no"], "none"],
    [["--appendonly", "yes", "--appendfsync", "everysec"], "process"],
    [["--appendonly", "yes", "--appendfsync", "always"], "disk"],
    // As a managed service has it, which tells nothing of its files.
    [["--appendonly", "yes", "--appendfsync", "always", "--rename-command", "CONFIG", ""], "process"],
  ])("with %j a success is kept by: %s", async (args, durability) => {
    expect(await factsWith(...args)).toMatchObject({ product: "redis", role: "master", durability });
  });

  test("tell what it does when its memory is full", async () => {
    expect((await factsWith("--maxmemory-policy", "allkeys-lru")).maxmemoryPolicy).toBe("allkeys-lru");
  });

  test("tell a version that is too old, which is refused", async () => {
    await using server = await startServer();
    await using proxy = await faultProxy({ to: server.url });
    proxy.toClient.rewrite((chunk) =>
      Buffer.from(chunk.toString("latin1").replace(/redis_version:(\d+)\.\d/, "redis_version:6.1"), "latin1"),
    );
    const opening = openServer(settingsFor(proxy.url(server.url)), { onLost: () => undefined });
    await expect(opening).rejects.toMatchObject({ code: "UNSUPPORTED", message: containing("is version 6.1.") });
    await vi.waitFor(() => expect(proxy.connections).toBe(0));
  });

  test("tell a replica, which is refused", async () => {
    const replica = await factsWith("--replicaof", "127.0.0.1", "1");
    expect(thrownBy(() => checkServer(replica, { durability: undefined })).code).toBe("UNAVAILABLE");
  });
});

describe.each([
  ["redis-server", "redis"],
  ["valkey-server", "valkey"],
] as const)("a newer %s", async (name, product) => {
  const command = await debianServer(name);

  test.skipIf(command === undefined)("has each batch on its disk before it is confirmed, if asked to", async () => {
    await using server = await startBroker("redis", {
      sources: ["native"],
      command,
      args: ["--appendfsync", "everysec"],
    });
    const settings = settingsFor(server.url, { durability: "fsync" });
    const { client, facts, terms } = await openServer(settings, { onLost: () => undefined });
    expect(facts).toMatchObject({ product, durability: "process", has: { waitaof: true } });
    expect(terms).toMatchObject({ durability: "disk", confirm: fsync });
    await Promise.all([client.command("SET", ["k", "v"]), confirmed(client, fsync, "k", 5_000)]);
    await client.command("CONFIG", ["SET", "appendfsync", "no"]);
    const never = Promise.all([client.command("SET", ["k", "v"]), confirmed(client, fsync, "k", 10)]);
    await expect(never).rejects.toMatchObject({
      code: "OUTCOME_UNKNOWN",
      message: containing("not on the server's disk"),
    });
    await client.close();
    await expect(openServer(settings, { onLost: () => undefined })).rejects.toMatchObject({ code: "UNSUPPORTED" });
  });
});

describe("what then holds", () => {
  test.each([
    [facts, undefined, "process", undefined],
    [facts, replicas, "replicated", replicas],
    [{ ...facts, durability: "disk" } as const, fsync, "disk", undefined],
    [{ ...facts, has: { waitaof: true } }, fsync, "disk", fsync],
  ])("%j, asked for %j: %s", (one, asked, durability, confirm) => {
    expect(checkServer(one, { durability: asked })).toEqual({ durability, confirm, warnings: [] });
  });

  test.each([
    [{ version: [6, 0, 16] } as const, undefined, "UNSUPPORTED", "is version 6.0.16; Waybill needs Redis 6.2 or later"],
    [{ version: [5, 9, 0] } as const, undefined, "UNSUPPORTED", "is version 5.9.0"],
    [{ role: "slave" }, undefined, "UNAVAILABLE", "is a replica"],
    [{}, fsync, "UNSUPPORTED", 'cannot give durability "fsync"; set appendfsync always'],
  ])("%j, asked for %j, is refused: %s %s", (other, asked, code, why) => {
    const error = thrownBy(() => checkServer({ ...facts, ...other }, { durability: asked }));
    expect(error.code).toBe(code);
    expect(error.message).toContain(`redis at h:1 ${why}`);
  });
});

test("a user is warned once of each risk", async () => {
  const risky = { ...facts, maxmemoryPolicy: "allkeys-lru", durability: "none" } as const;
  const terms = checkServer(risky, { durability: undefined });
  expect(terms.warnings.map(({ code }) => code)).toEqual(["WAYBILL_REDIS_EVICTION", "WAYBILL_REDIS_VOLATILE"]);
  const first = once(process, "warning");
  const told: string[] = [];
  const listen = ({ message }: Error): void => void told.push(message);
  process.on("warning", listen);
  for (const _ of [1, 2]) warn(risky, terms);
  await first;
  // Another warning comes after whatever was told before it.
  const last = once(process, "warning");
  process.emitWarning("the last");
  await last;
  process.off("warning", listen);
  expect(told).toEqual([
    containing("redis at h:1: maxmemory-policy is allkeys-lru"),
    containing("redis at h:1: appendonly is off"),
    "the last",
  ]);
});
