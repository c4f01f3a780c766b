import { containing } from "@waybill/test-servers";
import { type RedisCluster, startRedisCluster } from "@waybill/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openBlocking } from "../src/client.ts";
import { isCertain, toError } from "../src/errors.ts";
import { slotOfKey } from "../src/slots.ts";
import type { Settings } from "../src/url.ts";
import { type Opened, opened, refusalOf, settingsFor } from "./connection.ts";
import { describeRedis } from "./start-server.ts";

const append = { lua: "return redis.call('RPUSH', KEYS[1], ARGV[1])" };
const keys = Array.from({ length: 30 }, (_, index) => `key-${index}`);
/** A key of the node, which holds a third of the slots, in a slot that no other test uses. */
function keyOf(index: number, name: string): string {
  const names = Array.from({ length: 100 }, (_, at) => `${name}-${at}`);
  return names.find((key) => Math.floor((Number(slotOfKey(key)) * 3) / 16_384) === index) ?? name;
}

describeRedis("a client of a cluster", () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  }, 60_000);
  afterAll(() => cluster.stop());

  const urlOf = (index: number): string => cluster.nodes[index]?.url ?? "";
  const settings = (): Settings => settingsFor(urlOf(0), { cluster: true });
  /** Speaks to one node alone. */
  const toNode = (index: number): Promise<Opened> => opened(settingsFor(urlOf(index)));

  test("finds each key on its master, and runs scripts there", async () => {
    await using connection = await opened(settings());
    const { client } = connection;
    const lengths = await Promise.all(keys.flatMap((key) => [1, 2].map((n) => client.run(append, [key], [n]))));
    expect(lengths).toEqual(keys.flatMap(() => [1, 2]));
    for (const index of [0, 1, 2]) {
      await using node = await toNode(index);
      expect(await node.client.command("DBSIZE", [])).not.toBe(0);
    }
    expect(await Promise.all(keys.map((key) => client.command("LLEN", [key])))).toEqual(keys.map(() => 2));
    expect(await client.command("WAIT", ["0", "10"], keys[0])).toBe(0);
  });

  test("blocks on the master of a key", async () => {
    await using connection = await opened(settings());
    const key = keyOf(2, "blocked");
    const blocking = await openBlocking(settings(), key);
    const popped = blocking.command("BLPOP", [key, "5"]);
    await connection.client.run(append, [key], ["v"]);
    expect(String(await popped)).toBe(`${key},v`);
    await blocking.close();
  });

  test("follows a slot that has moved, and one that is on its way", async () => {
    await using connection = await opened(settings());
    const { client } = connection;
    const key = keyOf(1, "moving");
    const slot = String(slotOfKey(key));
    await using from = await toNode(1);
    await using to = await toNode(2);
    const [fromId, toId] = await Promise.all(
      [from, to].map(async (node) => String(await node.client.command("CLUSTER", ["MYID"]))),
    );
    await to.client.command("CLUSTER", ["SETSLOT", slot, "IMPORTING", String(fromId)]);
    await from.client.command("CLUSTER", ["SETSLOT", slot, "MIGRATING", String(toId)]);
    expect(await Promise.all([1, 2, 3].map((n) => client.run(append, [key], [n])))).toEqual([1, 2, 3]);
    expect(await to.client.command("CLUSTER", ["COUNTKEYSINSLOT", slot])).toBe(1);
    for (const { client: node } of [to, from]) await node.command("CLUSTER", ["SETSLOT", slot, "NODE", String(toId)]);
    expect(await Promise.all([4, 5, 6].map((n) => client.run(append, [key], [n])))).toEqual([4, 5, 6]);
    expect(String(await client.command("LRANGE", [key, "0", "-1"]))).toBe("1,2,3,4,5,6");
    expect(connection.losses).toEqual([]);
  });

  test("refuses a server that is none, and to look for a lost one where there is nobody", async () => {
    await using connection = await toNode(0);
    const stray: unknown = await connection.client.command("GET", [keyOf(2, "stray")]).catch((error: unknown) => error);
    expect(toError(stray)).toMatchObject({ code: "UNAVAILABLE", message: containing("say cluster: true") });
    expect(await refusalOf(settingsFor("redis://127.0.0.1:1", { cluster: true }))).toMatchObject({
      code: "UNAVAILABLE",
    });
  });

  test("has one loss when a node dies; the others go on, and no command hangs", async () => {
    await using small = await startRedisCluster();
    const [seed, doomed] = small.nodes;
    const options = settingsFor(doomed?.url ?? "", { cluster: [new URL(seed?.url ?? "").host] });
    await using before = await opened(options);
    await Promise.all(keys.map((key) => before.client.run(append, [key], [1])));
    await doomed?.pause();
    const asked = Promise.allSettled(keys.map((key) => before.client.run(append, [key], [1])));
    await doomed?.kill();
    expect((await before.lost).code).toBe("UNAVAILABLE");
    expect((await asked).some((one) => one.status === "rejected" && !isCertain(one.reason))).toBe(true);
    expect(before.losses).toHaveLength(1);
    await using after = await opened(options);
    const outcomes = await Promise.allSettled(keys.map((key) => after.client.command("LLEN", [key])));
    const refused = outcomes.flatMap((one) => (one.status === "rejected" ? [toError(one.reason).code] : []));
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThan(keys.length);
    expect(refused).toEqual(refused.map(() => "UNAVAILABLE"));
    expect(after.losses).toEqual([]);
  }, 60_000);
});
