import { Buffer } from "node:buffer";
import { randomUUID } from "node:crypto";
import { systemClock } from "@waybill/core";
import { afterAll, describe, expect, test, vi } from "vitest";
import { Cluster } from "../src/cluster.ts";
import { type Member, type NewRecord, type Transactional, type Transactions } from "../src/driver.ts";
import { kafkajsDriver } from "../src/kafkajs/driver.ts";
import { platformaticDriver } from "../src/platformatic/driver.ts";
import { settingsOf } from "../src/url.ts";
import { reasonOf } from "./reason-of.ts";
import { withServer } from "./server.ts";

const { broker, missing } = await withServer();
const settings = settingsOf(new URL(broker.url), { requestTimeoutMs: 5_000 });
const session = platformaticDriver(settings).session(settings.requestTimeoutMs);
const other = kafkajsDriver(settings).session(settings.requestTimeoutMs);
const cluster = new Cluster(session, systemClock, settings.refreshMs);
afterAll(async () => {
  await Promise.all([session.close(), other.close()]);
  await broker.stop();
});

function transactions(): Transactions {
  if (session.transactions === undefined) throw new Error("this driver has no transactions");
  return session.transactions;
}

function recordWith(value: string): NewRecord {
  return { key: undefined, value: Buffer.from(value), headers: [], timestamp: 1_000 };
}

async function freshTopic(): Promise<string> {
  const name = `t-${randomUUID()}`;
  await session.createTopics([{ name, partitions: 1, replication: 1, configs: {} }]);
  // One that is new may be told to have a leader which does not know it yet, and refuses.
  await passing(async () => session.offsets(await cluster.leaderOf(name, 0), [{ topic: name, partition: 0, at: -1 }]));
  return name;
}

/** Tries again what has to wait for the end of another one. */
function passing<T>(work: () => Promise<T>): Promise<T> {
  return vi.waitFor(work, { timeout: 20_000, interval: 5 });
}

async function begun(id = `x-${randomUUID()}`): Promise<{ readonly node: number; readonly of: Transactional }> {
  const node = await passing(() => transactions().coordinator(id));
  return { node, of: { id, producer: await passing(() => transactions().begin(node, id, 10_000)) } };
}

/** Stores these in one transaction and ends it. */
async function done(
  { node, of }: Awaited<ReturnType<typeof begun>>,
  topic: string,
  values: readonly string[],
  { sequence, how }: { readonly sequence: number; readonly how: "commit" | "abort" },
): Promise<void> {
  const to = { topic, partition: 0 };
  await passing(() => transactions().addPartitions(node, of, [to]));
  const as = { producer: of.producer, sequence, transaction: of.id };
  await session.produce(await cluster.leaderOf(topic, 0), to, values.map(recordWith), as);
  await transactions().end(node, of, how);
}

async function member(group: string): Promise<{ readonly node: number; readonly member: Member }> {
  const node = await passing(() => session.coordinator(group));
  const ask = { group, id: "", sessionMs: 10_000, rebalanceMs: 10_000, protocol: "test", topics: ["a"] };
  const { id, generation } = await passing(() => session.join(node, { ...ask, data: Buffer.alloc(0) }));
  const joined = { group, id, generation };
  await session.sync(node, joined, "test", [{ id, partitions: [] }]);
  return { node, member: joined };
}

describe.skipIf(missing).each([
  ["platformatic", session],
  ["kafkajs", other],
] as const)("what was stored in a transaction is read by %s", (_, reader) => {
  async function read(topic: string, from: number): Promise<readonly (string | undefined)[]> {
    await reader.view([topic]);
    const node = await cluster.leaderOf(topic, 0);
    const values: (string | undefined)[] = [];
    for (let [offset, end] = [from, from + 1]; offset < end;) {
      const asks = [{ topic, partition: 0, offset, maxBytes: 1_000_000 }];
      const [fetched] = await reader.fetch(node, asks, { waitMs: 10, maxBytes: 1_000_000 });
      values.push(...(fetched?.records ?? []).map(({ value }) => value?.toString()));
      [offset, end] = [fetched?.next ?? 0, fetched?.end ?? 0];
    }
    return values;
  }

  test("when it was committed, not before, and never when it was given up", async () => {
    const [topic, one] = [await freshTopic(), await begun()];
    await done(one, topic, ["given up"], { sequence: 0, how: "abort" });
    await passing(() => transactions().addPartitions(one.node, one.of, [{ topic, partition: 0 }]));
    const as = { producer: one.of.producer, sequence: 1, transaction: one.of.id };
    const leader = await cluster.leaderOf(topic, 0);
    await session.produce(leader, { topic, partition: 0 }, [recordWith("a")], as);
    await session.produce(leader, { topic, partition: 0 }, [recordWith("beside")]);
    expect(await read(topic, 0)).toEqual([]);
    await transactions().end(one.node, one.of, "commit");
    await passing(async () => expect(await read(topic, 0)).toEqual(["a", "beside"]));
  });

  test("also where a fetch begins with the end of one that was given up", async () => {
    const [topic, one] = [await freshTopic(), await begun()];
    await done(one, topic, ["given up"], { sequence: 0, how: "abort" });
    await done(one, topic, ["a"], { sequence: 1, how: "commit" });
    await passing(async () => expect(await read(topic, 1)).toEqual(["a"]));
  });
});

test.skipIf(missing)(
  "who begins under the same id fences off whoever did before, and gives up what it had begun",
  async () => {
    const [topic, one] = [await freshTopic(), await begun()];
    await transactions().addPartitions(one.node, one.of, [{ topic, partition: 0 }]);
    const as = { producer: one.of.producer, sequence: 0, transaction: one.of.id };
    await session.produce(await cluster.leaderOf(topic, 0), { topic, partition: 0 }, [recordWith("a")], as);
    const two = await begun(one.of.id);
    expect(await reasonOf(() => transactions().end(one.node, one.of, "commit"))).toMatch(
      /refused (PRODUCER_FENCED|INVALID_PRODUCER_EPOCH)/,
    );
    await done(two, topic, ["b"], { sequence: 0, how: "commit" });
  },
);

test.skipIf(missing)("offsets are committed with it; until then it is said that they do not stand", async () => {
  const [topic, one, group] = [await freshTopic(), await begun(), `g-${randomUUID()}`];
  const { node, member: who } = await member(group);
  const commit = { topic, partition: 0, offset: 41, metadata: "so far" };
  await transactions().addGroup(one.node, one.of, group);
  await transactions().commit(node, one.of, who, [commit]);
  expect(await session.committed(node, group)).toEqual([]);
  expect(await reasonOf(() => session.committed(node, group, [commit]))).toBe("refused UNSTABLE_OFFSET_COMMIT");
  expect(await session.committed(node, group, [{ topic, partition: 1 }])).toEqual([]);
  await transactions().end(one.node, one.of, "commit");
  expect(await passing(() => session.committed(node, group, [commit]))).toEqual([commit]);
  // Asked for again it stays done.
  await passing(() => transactions().end(one.node, one.of, "commit"));
});

test.skipIf(missing)("whoever is no member any more commits nothing", async () => {
  const [one, group] = [await begun(), `g-${randomUUID()}`];
  const { node, member: who } = await member(group);
  const commit = { topic: await freshTopic(), partition: 0, offset: 41, metadata: "" };
  await transactions().addGroup(one.node, one.of, group);
  expect(
    await reasonOf(() => transactions().commit(node, one.of, { ...who, generation: who.generation - 1 }, [commit])),
  ).toBe("refused ILLEGAL_GENERATION");
  await session.leave(node, who);
  expect(await reasonOf(() => transactions().commit(node, one.of, who, [commit]))).toBe("refused UNKNOWN_MEMBER_ID");
  await transactions().end(one.node, one.of, "abort");
});

test.skipIf(missing)("a topic that is not there is named, whatever was asked beside it", async () => {
  const [topic, one] = [await freshTopic(), await begun()];
  const both = [topic, "none"].map((name) => ({ topic: name, partition: 0 }));
  expect(await reasonOf(() => transactions().addPartitions(one.node, one.of, both))).toBe(
    "refused UNKNOWN_TOPIC_OR_PARTITION",
  );
});
