import { Buffer } from "node:buffer";
import { randomUUID } from "node:crypto";
import { systemClock } from "@waybill/core";
import { faultProxy } from "@waybill/testing";
import { afterAll, describe, expect, test, vi } from "vitest";
import { Cluster } from "../src/cluster.ts";
import { type NewRecord, type Session } from "../src/driver.ts";
import { kafkajsDriver } from "../src/kafkajs/driver.ts";
import { platformaticDriver } from "../src/platformatic/driver.ts";
import { settingsOf } from "../src/url.ts";
import { reasonOf } from "./reason-of.ts";
import { withServer } from "./server.ts";

const { broker, missing } = await withServer();
const settings = settingsOf(new URL(broker.url), { requestTimeoutMs: 5_000 });
afterAll(() => broker.stop());

function recordWith(value: string | undefined, key?: string): NewRecord {
  const bytes = value === undefined ? undefined : Buffer.from(value);
  const headers = [["h", Buffer.from("1")]] as const;
  return { key: key === undefined ? undefined : Buffer.from(key), value: bytes, headers, timestamp: 1_000 };
}

describe.skipIf(missing).each([
  ["platformatic", platformaticDriver],
  ["kafkajs", kafkajsDriver],
] as const)("by %s", (_, driverOf) => {
  const driver = driverOf(settings);
  const session = driver.session(settings.requestTimeoutMs);
  const cluster = new Cluster(session, systemClock, settings.refreshMs);
  afterAll(() => session.close());

  async function freshTopic(partitions = 1): Promise<string> {
    const name = `t-${randomUUID()}`;
    await session.createTopics([{ name, partitions, replication: 1, configs: {} }]);
    await vi.waitFor(() => cluster.leaderOf(name, 0));
    return name;
  }

  describe("records", () => {
    test("are read as they were stored, tombstones too, and from any offset", async () => {
      const topic = await freshTopic();
      const node = await cluster.leaderOf(topic, 0);
      const to = { topic, partition: 0 };
      expect(await session.produce(node, to, [recordWith("a", "k"), recordWith(""), recordWith(undefined, "k")])).toBe(
        0,
      );
      expect(await session.produce(node, to, [recordWith("d")])).toBe(3);
      const bounds = { waitMs: 10, maxBytes: 1_000_000 };
      const [all] = await session.fetch(node, [{ ...to, offset: 0, maxBytes: 1_000_000 }], bounds);
      expect(all).toMatchObject({ error: undefined, start: 0, end: 4, next: 4 });
      expect(all?.records.map(({ value }) => value?.toString())).toEqual(["a", "", undefined, "d"]);
      expect(all?.records[0]).toMatchObject({
        offset: 0,
        timestamp: 1_000,
        key: Buffer.from("k"),
        headers: [["h", "1"]],
      });
      const [rest] = await session.fetch(node, [{ ...to, offset: 2, maxBytes: 1_000_000 }], bounds);
      expect(rest?.records.map(({ offset }) => offset)).toEqual([2, 3]);
      const [beyond] = await session.fetch(node, [{ ...to, offset: 9, maxBytes: 1_000_000 }], bounds);
      expect(beyond?.error).toBe("OFFSET_OUT_OF_RANGE");
      const asks = [-2, -1, 500, 1_001].map((at) => ({ ...to, at }));
      const found = await Promise.all(asks.map((ask) => session.offsets(node, [ask])));
      expect(found.map(([one]) => one?.offset)).toEqual([0, 4, 0, -1]);
    });

    test("have headers of any name, also of what every object has", async () => {
      const topic = await freshTopic();
      const node = await cluster.leaderOf(topic, 0);
      const names = ["", "constructor", "__proto__", "toString", "é"];
      const headers = names.map((name) => [name, Buffer.from(`of ${name}`)] as const);
      const record = { ...recordWith("a"), headers };
      await session.produce(node, { topic, partition: 0 }, [record]);
      const ask = { topic, partition: 0, offset: 0, maxBytes: 1_000 };
      const [fetched] = await session.fetch(node, [ask], { waitMs: 10, maxBytes: 1_000 });
      const read = fetched?.records.flatMap((one) => one.headers.map(([name, value]) => `${name}: ${value}`));
      expect(read?.toSorted()).toEqual(names.map((name) => `${name}: of ${name}`).toSorted());
    });

    test("that are too large are refused, and a topic that is not there is named", async () => {
      const topic = await freshTopic();
      const node = await cluster.leaderOf(topic, 0);
      const large = recordWith("x".repeat(2 ** 20 + 100));
      expect(await reasonOf(() => session.produce(node, { topic, partition: 0 }, [large]))).toBe(
        "refused MESSAGE_TOO_LARGE",
      );
      expect(await reasonOf(() => session.produce(node, { topic: "none", partition: 0 }, [recordWith("a")]))).toBe(
        "refused UNKNOWN_TOPIC_OR_PARTITION",
      );
      expect((await session.view(["none", topic])).topics.has("none")).toBe(false);
      expect(
        await reasonOf(() => session.createTopics([{ name: topic, partitions: 1, replication: 1, configs: {} }])),
      ).toBe("refused TOPIC_ALREADY_EXISTS");
    });
  });

  describe("a connection that is lost", () => {
    test("leaves open what was stored; the same under its number is stored once", async () => {
      const topic = await freshTopic();
      const to = { topic, partition: 0 };
      const proxy = await faultProxy({ to: broker.url });
      const tunnel = driverOf(settingsOf(new URL(proxy.url(broker.url)), { requestTimeoutMs: 5_000, tunnel: true }));
      const cut = tunnel.session(5_000);
      await cut.view([topic]);
      const node = await cluster.leaderOf(topic, 0);
      const as = { producer: await vi.waitFor(() => cut.producer(), { timeout: 20_000 }), sequence: 0 };
      const dropped = proxy.dropReply();
      expect(await reasonOf(() => cut.produce(node, to, [recordWith("a")], as))).toMatch(/^lost /);
      expect(await dropped).toBe(true);
      await vi.waitFor(() => cut.produce(node, to, [recordWith("a")], as), { timeout: 10_000 });
      await cut.produce(node, to, [recordWith("b")], { ...as, sequence: 1 });
      const [all] = await session.fetch(node, [{ ...to, offset: 0, maxBytes: 1_000 }], { waitMs: 10, maxBytes: 1_000 });
      expect(all?.records.map(({ value }) => value?.toString())).toEqual(["a", "b"]);
      await cut.close();
      await proxy[Symbol.asyncDispose]();
    });
  });

  describe("a group", () => {
    const protocol = "test";

    async function joined(
      member: Session,
      group: string,
      data: string,
      id = "",
    ): Promise<Awaited<ReturnType<Session["join"]>>> {
      const node = await vi.waitFor(() => session.coordinator(group), { timeout: 20_000 });
      const ask = {
        group,
        id,
        sessionMs: 10_000,
        rebalanceMs: 10_000,
        protocol,
        topics: ["a"],
        data: Buffer.from(data),
      };
      return vi.waitFor(() => member.join(node, ask), { timeout: 20_000 });
    }

    test("is led by one, who says what is whose; what it has committed is kept", async () => {
      const group = `g-${randomUUID()}`;
      const topic = await freshTopic(3);
      const one = await joined(session, group, "first");
      expect(one.members?.map(({ data }) => data.toString())).toEqual(["first"]);
      const node = await session.coordinator(group);
      const member = { group, id: one.id, generation: one.generation };
      const mine = [
        { topic, partition: 0 },
        { topic, partition: 2 },
      ];
      expect(await session.sync(node, member, protocol, [{ id: one.id, partitions: mine }])).toMatchObject({
        partitions: mine,
      });
      await session.heartbeat(node, member);
      expect(await session.groupState(node, group)).toBe("Stable");
      const commit = { topic, partition: 2, offset: 41, metadata: "so far" };
      await session.commit(node, member, [commit]);
      expect(await session.committed(node, group)).toEqual([commit]);
      expect(await reasonOf(() => session.commit(node, { ...member, generation: 99 }, [commit]))).toBe(
        "refused ILLEGAL_GENERATION",
      );
      await session.leave(node, member);
      expect(await reasonOf(() => session.heartbeat(node, member))).toBe("refused UNKNOWN_MEMBER_ID");
      await session.deleteGroup(node, group);
      expect(await session.committed(node, group)).toEqual([]);
    });

    test("tells its members when another joins", async () => {
      const group = `g-${randomUUID()}`;
      const other = driver.session(20_000);
      const one = await joined(session, group, "first");
      const node = await session.coordinator(group);
      const member = { group, id: one.id, generation: one.generation };
      await session.sync(node, member, protocol, [{ id: one.id, partitions: [] }]);
      const joining = joined(other, group, "second");
      await vi.waitFor(async () =>
        expect(await reasonOf(() => session.heartbeat(node, member))).toBe("refused REBALANCE_IN_PROGRESS"),
      );
      const again = await joined(session, group, "first", one.id);
      await joining;
      expect(again.members?.map(({ data }) => data.toString()).toSorted()).toEqual(["first", "second"]);
      await other.close();
    });
  });

  test("a broker that is not there is named", async () => {
    const nowhere = settingsOf(new URL("kafka://127.0.0.1:1"), { connectTimeoutMs: 1_000 });
    const lost = driverOf(nowhere).session(1_000);
    expect(await reasonOf(() => lost.view([]))).toBe("unreachable ECONNREFUSED");
    await lost.close();
  });
});
