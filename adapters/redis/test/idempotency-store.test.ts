import { fork } from "node:child_process";
import { once as event } from "node:events";
import { connect, idempotency } from "@waybill/core";
import { redis } from "@waybill/redis";
import { containing } from "@waybill/test-servers";
import { type Broker, faultProxy, startRedisCluster } from "@waybill/testing";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { redisStore } from "../src/idempotency-store.ts";
import { opened, settingsFor, urlWith } from "./connection.ts";
import { orders } from "./fixtures/orders.ts";
import { describeRedis, startServer } from "./start-server.ts";

describeRedis("two stores on one server", () => {
  let server: Broker;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.stop());
  let tests = 0;
  const prefix = (): string => `${(tests += 1)}:`;

  test("let one of many claims through, and tell the record to all others", async () => {
    const options = { prefix: prefix() };
    await using one = await redisStore(server.url, options);
    await using two = await redisStore(server.url, options);
    const owners = Array.from({ length: 600 }, (_, index) => String(index));
    const claims = await Promise.all(owners.map((owner) => (Number(owner) % 2 ? one : two).claim("k", owner, 60_000)));
    const winner = claims.indexOf("claimed");
    expect(claims.filter((claim) => claim === "claimed")).toHaveLength(1);
    const busy = claims.flatMap((claim) => (typeof claim === "object" && claim.state === "busy" ? [claim.leftMs] : []));
    expect(busy).toHaveLength(599);
    expect(busy.every((left) => left > 50_000 && left <= 60_000)).toBe(true);
    const store = winner % 2 ? one : two;
    expect(await two.complete("k", "another", undefined, 60_000)).toBe(false);
    expect(await store.complete("k", String(winner), Uint8Array.of(1, 2), 60_000)).toBe(true);
    for (const asked of [one, two])
      expect(await asked.claim("k", "late", 60_000)).toEqual({ state: "done", record: Uint8Array.of(1, 2) });
  });

  test("give a claim to the next when it is given back, or its lease has ended, and know the first one's hand no more", async () => {
    const options = { prefix: prefix() };
    await using one = await redisStore(server.url, options);
    await using two = await redisStore(server.url, options);
    await one.claim("k", "a", 60_000);
    await two.release("k", "b");
    expect(await two.claim("k", "b", 1)).toMatchObject({ state: "busy" });
    await one.release("k", "a");
    expect(await two.claim("k", "b", 500)).toBe("claimed");
    await vi.waitFor(async () => expect(await one.claim("k", "c", 60_000)).toBe("claimed"));
    expect(await two.renew("k", "b", 60_000)).toBe(false);
    expect(await two.complete("k", "b", undefined, 60_000)).toBe(false);
    expect(await one.renew("k", "c", 60_000)).toBe(true);
  });

  test("keep a record apart from none and from an empty one, also from its owner's own hand", async () => {
    await using store = await redisStore(server.url, { prefix: prefix() });
    for (const record of [undefined, new Uint8Array(), Uint8Array.of(0, 255, 13, 10)]) {
      const key = `record ${record?.length}`;
      await store.claim(key, "a", 60_000);
      expect(await store.complete(key, "a", record, 1e300)).toBe(true);
      await store.release(key, "a");
      expect(await store.claim(key, "b", 1_000)).toEqual({ state: "done", record });
    }
  });

  test("let an owner have what he claimed past his lease, as long as nobody took it", async () => {
    const options = { prefix: prefix() };
    await using store = await redisStore(server.url, options);
    await using connection = await opened(settingsFor(server.url));
    expect(await store.claim("short", "a", 0.5)).toBe("claimed");
    const key = `${options.prefix}k`;
    // The server's clock cannot be set; so the lease's end is put behind it.
    const end = (): Promise<unknown> => connection.client.command("HSET", [key, "until", "1"]);
    await store.claim("k", "a", 60_000);
    await end();
    expect(await store.renew("k", "a", 60_000)).toBe(true);
    expect(Number(await connection.client.command("PTTL", [key])), "it stays past its lease").toBeGreaterThan(120_000);
    await end();
    expect(await store.complete("k", "a", undefined, 60_000)).toBe(true);
  });

  test("forget what is over", async () => {
    const options = { prefix: prefix() };
    await using store = await redisStore(server.url, options);
    await using connection = await opened(settingsFor(server.url));
    await store.claim("dead", "a", 1);
    await store.claim("done", "a", 60_000);
    await store.complete("done", "a", Uint8Array.of(1), 1);
    const left = async (): Promise<unknown> =>
      expect(await connection.client.command("KEYS", [`${options.prefix}*`])).toEqual([]);
    await vi.waitFor(left);
  });

  test("answer as before when the same is asked again, as it is after a lost answer", async () => {
    await using proxy = await faultProxy({ to: server.url });
    await using store = await redisStore(proxy.url(server.url), { prefix: prefix() });
    const steps = [
      ["claim-it", "claimed", () => store.claim("k", "claim-it", 60_000)],
      ["renew-it", true, () => store.claim("r", "renew-it", 60_000).then(() => store.renew("r", "renew-it", 60_000))],
      ["complete", true, () => store.complete("k", "claim-it", Buffer.from("complete"), 60_000)],
      ["release-it", undefined, () => store.release("r", "release-it")],
    ] as const;
    for (const [when, answer, ask] of steps) {
      const dropped = proxy.dropReply({ when });
      expect(await ask()).toBe(answer);
      expect(await dropped).toBe(true);
    }
    expect(await store.claim("k", "late", 60_000)).toEqual({
      state: "done",
      record: new Uint8Array(Buffer.from("complete")),
    });
  });

  test("reject while the server is away, and go on when it is back, with the claims that were there", async () => {
    await using mortal = await startServer("--appendfsync", "always");
    await using store = await redisStore(mortal.url, { settings: { connectTimeoutMs: 200 } });
    expect(await store.claim("k", "a", 60_000)).toBe("claimed");
    await mortal.kill();
    const lost = { code: "UNAVAILABLE", message: containing("lost its connection") };
    await expect(store.claim("other", "a", 60_000)).rejects.toMatchObject(lost);
    await mortal.restart();
    const back = async (): Promise<unknown> => expect(await store.claim("k", "b", 1)).toMatchObject({ state: "busy" });
    await vi.waitFor(back, { timeout: 20_000 });
  });

  test("leave a key that is another's alone", async () => {
    const options = { prefix: prefix() };
    await using store = await redisStore(server.url, options);
    await using connection = await opened(settingsFor(server.url));
    await connection.client.command("SET", [`${options.prefix}k`, "v"]);
    await expect(store.claim("k", "a", 60_000)).rejects.toMatchObject({ code: "CORRUPT" });
  });

  test("answer what was asked when they close; afterwards they are closed", async () => {
    const store = await redisStore(server.url, { prefix: prefix() });
    const asked = store.claim("k", "a", 60_000);
    await store[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
    expect(await asked).toBe("claimed");
    await expect(store.claim("k", "a", 60_000)).rejects.toMatchObject({ code: "CLOSED" });
  });

  test("are refused at once where there is no server, or none that will do", async () => {
    const wrong = redisStore(urlWith(server.url, { password: "sesame" }));
    await expect(wrong).rejects.toMatchObject({ code: "PERMISSION" });
    await using forgetful = await startServer("--appendonly", "no");
    const fsync = redisStore(forgetful.url, { settings: { durability: "fsync" } });
    await expect(fsync).rejects.toMatchObject({ code: "UNSUPPORTED" });
    await expect(redisStore("redis://h", { settings: { lease: 5 } })).rejects.toMatchObject({ code: "CONFIG" });
  });
});

describeRedis("a record", () => {
  test("stops the redelivery though its process was killed before the ack", async () => {
    await using server = await startServer();
    await using store = await redisStore(server.url);
    await using bus = await connect(`${server.url}?leaseMs=500`, { adapters: [redis] });
    let handled = 0;
    bus.use(idempotency({ store, lease: 300 }));
    await bus.send(orders, "o-1");
    const child = fork(new URL("./fixtures/dying-member.ts", import.meta.url), [server.url], { execArgv: [] });
    expect(await event(child, "exit")).toEqual([null, "SIGKILL"]);
    expect(await bus.inbox(orders).stats()).toMatchObject({ ready: 0, inFlight: 1 });
    await bus.work(orders, {}, () => void (handled += 1));
    const empty = { ready: 0, inFlight: 0, delayed: 0, dead: 0 };
    await vi.waitFor(async () => expect(await bus.inbox(orders).stats()).toMatchObject(empty), { timeout: 20_000 });
    expect(handled).toBe(0);
  });
});

describeRedis("a store in a cluster", () => {
  test("keeps each key on its own node", async () => {
    await using cluster = await startRedisCluster();
    await using store = await redisStore(cluster.nodes[0]?.url ?? "", { settings: { cluster: true } });
    const keys = Array.from({ length: 50 }, (_, index) => `key ${index}`);
    const claims = await Promise.all(keys.map((key) => store.claim(key, "a", 60_000)));
    expect(claims).toEqual(keys.map(() => "claimed"));
    const records = await Promise.all(keys.map((key) => store.complete(key, "a", undefined, 60_000)));
    expect(records).toEqual(keys.map(() => true));
  }, 60_000);
});
