import { randomUUID } from "node:crypto";
import { Admin } from "@platformatic/kafka";
import { type Broker, startKafkaCluster } from "@waybill/testing";
import { afterAll, describe, expect, test, vi } from "vitest";
import { sourceTopic } from "../src/names.ts";
import { platformaticDriver } from "../src/platformatic/driver.ts";
import { settingsOf } from "../src/url.ts";
import { survivesAMove } from "./holes.ts";
import { Member, containing, declared, eventually, inboxOf, letter, rigOn, sourceOf } from "./rig.ts";

vi.setConfig({ testTimeout: 120_000 });

const cluster = await startKafkaCluster();
const seeds = cluster.nodes.map(({ url }) => new URL(url).host);
const session = platformaticDriver(settingsOf(new URL(cluster.nodes[0]?.url ?? ""), {})).session(10_000);
const admin = new Admin({ clientId: "tests", bootstrapBrokers: seeds });
afterAll(async () => {
  await Promise.all([admin.close(), session.close()]);
  await cluster.stop();
});

/** The broker with this id. */
function nodeOf(id: number): Broker {
  const node = cluster.nodes[id - 1];
  if (node === undefined) throw new Error(`there is no broker ${id}`);
  return node;
}

async function leaderOf(topic: string): Promise<number> {
  const { topics } = await session.view([topic]);
  return topics.get(topic)?.[0]?.leader ?? -1;
}

describe.each(["platformatic", "kafkajs"])("by %s", (driver) => {
  const options = { driver, tunnel: false, partitions: 1 };

  test("what is published and handled while leaders and coordinators die and come back is not lost", async () => {
    const namespace = `t-${randomUUID()}`;
    await using rig = await rigOn(cluster.url, { ...options, partitions: 4 }, { namespace });
    const queue = sourceOf("q");
    await declared(rig, queue);
    await using member = await Member.of(rig, inboxOf(queue));
    const settled = new Set<string>();
    let [isOver, isDrained, next] = [false, false, 0];
    const stored: string[] = [];
    const publishing = (async () => {
      while (!isOver) {
        const batch = Array.from({ length: 20 }, () => letter(`m${(next += 1)}`, { key: `k${next % 16}` }));
        const results = await rig.transport.send(queue, batch, { deadline: Date.now() + 60_000 });
        for (const [index, result] of results.entries()) if (result === "stored") stored.push(batch[index]?.id ?? "");
      }
    })();
    const settling = (async () => {
      for (let from = 0; !isDrained;) {
        const delivery = member.got[from];
        if (delivery === undefined) await new Promise<void>((resolve) => void setTimeout(resolve, 5));
        else {
          from += 1;
          const [result] = await member.settle(delivery);
          if (result === "settled") settled.add(delivery.id);
        }
      }
    })();
    for (const id of [await session.coordinator("any"), await leaderOf(sourceTopic(namespace, "q"))]) {
      const before = settled.size;
      await nodeOf(id).kill();
      await vi.waitFor(() => expect(settled.size).toBeGreaterThan(before + 100), { timeout: 60_000 });
      await nodeOf(id).restart();
    }
    isOver = true;
    await publishing;
    await vi.waitFor(() => expect(stored.filter((id) => !settled.has(id))).toEqual([]), { timeout: 60_000 });
    isDrained = true;
    await settling;
    expect(stored.length).toBeGreaterThan(200);
  });

  test("what is confirmed lies in its partition though that moves to a broker which has answered for another", async () => {
    await expect(survivesAMove({ url: cluster.nodes[0]?.url ?? "", options })).resolves.toBeUndefined();
  });

  test("a topic with fewer copies in sync than it asks for takes nothing, saying so, until there are enough", async () => {
    const namespace = `t-${randomUUID()}`;
    await using rig = await rigOn(cluster.url, { ...options, replication: 2 }, { namespace });
    const queue = sourceOf("q");
    await declared(rig, queue);
    const topic = sourceTopic(namespace, "q");
    await admin.incrementalAlterConfigs({
      resources: [
        {
          resourceType: 2,
          resourceName: topic,
          configs: [{ name: "min.insync.replicas", configOperation: 0, value: "2" }],
        },
      ],
    });
    const send = async (id: string): Promise<unknown> =>
      (await rig.transport.send(queue, [letter(id)], { deadline: Date.now() + 10_000 }))[0];
    await eventually(async () => expect(await send("a")).toBe("stored"));
    const [described] = (await admin.metadata({ topics: [topic] })).topics.values();
    const [leader, other] = [await leaderOf(topic), ...(described?.partitions[0]?.replicas ?? [])].filter(
      (id, index, all) => all.indexOf(id) === index,
    );
    expect(leader).not.toBe(other);
    await nodeOf(other ?? -1).kill();
    await vi.waitFor(
      async () =>
        expect(await send("b")).toMatchObject({
          outcome: "refused",
          error: { message: containing("min.insync.replicas") },
        }),
      { timeout: 60_000 },
    );
    await nodeOf(other ?? -1).restart();
    await vi.waitFor(async () => expect(await send("c")).toBe("stored"), { timeout: 60_000 });
  });
});
