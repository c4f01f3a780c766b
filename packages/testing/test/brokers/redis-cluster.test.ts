import { Cluster } from "ioredis";
import { expect, onTestFinished, test, vi } from "vitest";
import { startRedisCluster } from "../../src/index.ts";
import { askRedis } from "../../src/brokers/redis-link.ts";
import { hasRedis } from "./has-redis.ts";

test.skipIf(!(await hasRedis()))(
  "three masters share all keys, and one that died comes back to the others with its keys",
  async () => {
    const cluster = await startRedisCluster({ args: ["--cluster-node-timeout", "500"] });
    onTestFinished(() => cluster.stop());
    const client = new Cluster(cluster.nodes.map(({ url }) => url));
    onTestFinished(() => client.disconnect());
    const names = Array.from({ length: 50 }, (_, index) => `key-${index}`);
    for (const name of names) await client.set(name, name);

    const [node, other] = cluster.nodes;
    const sizeOf = async (url = ""): Promise<number> => Number((await askRedis(url, [["DBSIZE"]]))[0]);
    const held = await sizeOf(node?.url);
    expect(held).toBeGreaterThan(0);
    expect(held).toBeLessThan(names.length);

    await node?.kill();
    const state = async (): Promise<string> => (await askRedis(other?.url ?? "", [["CLUSTER", "INFO"]]))[0] ?? "";
    await vi.waitFor(async () => expect(await state()).toContain("cluster_state:fail"), { timeout: 15_000 });
    await node?.restart();
    await vi.waitFor(async () => expect(await state()).toContain("cluster_state:ok"), { timeout: 15_000 });
    expect(await sizeOf(node?.url)).toBe(held);
  },
);

test("a cluster of no masters is none", async () => {
  await expect(startRedisCluster({ masters: 0 })).rejects.toThrow("a cluster of 0 masters; give 3 or more");
});
