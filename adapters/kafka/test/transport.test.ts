import { Buffer } from "node:buffer";
import { randomUUID } from "node:crypto";
import { afterAll, describe, expect, test } from "vitest";
import { platformaticDriver } from "../src/platformatic/driver.ts";
import { groupId, sourceTopic } from "../src/names.ts";
import { settingsOf } from "../src/url.ts";
import {
  Member,
  containing,
  dead,
  declared,
  eventually,
  inboxOf,
  letter,
  lettersOf,
  rigOn,
  sent,
  sourceOf,
} from "./rig.ts";
import { withServer } from "./server.ts";

const { broker, missing } = await withServer();
const settings = settingsOf(new URL(broker.url), {});
const session = platformaticDriver(settings).session(10_000);
afterAll(async () => {
  await session.close();
  await broker.stop();
});

const ordered = { ordered: true } as const;

describe.skipIf(missing)("a publish", () => {
  test("of one that is too large is refused alone; the rest of its batch is stored, in its order", async () => {
    await using rig = await rigOn(broker.url, { partitions: 1 });
    const queue = sourceOf("q");
    await declared(rig, queue);
    const large = letter("large", { body: Buffer.alloc(2 ** 20 + 1) });
    const results = await sent(rig, queue, "a", "b", large, "c", "d");
    expect(results.map((result) => (result === "stored" ? result : result.error.code))).toEqual([
      "stored",
      "stored",
      "TOO_LARGE",
      "stored",
      "stored",
    ]);
    await using member = await Member.of(rig, inboxOf(queue));
    await member.has("a", "b", "c", "d");
    expect(member.ids).toEqual(["a", "b", "c", "d"]);
  });

  test("to what was never declared has no route", async () => {
    await using rig = await rigOn(broker.url);
    const [result] = await sent(rig, sourceOf("nowhere"), "a");
    expect(result).toMatchObject({ outcome: "refused", error: { code: "NO_ROUTE" } });
  });
});

describe.skipIf(missing)("a member", () => {
  test("keeps what it has in hand when its partitions go to another, and what it says of it counts", async () => {
    await using rig = await rigOn(broker.url, { partitions: 1 });
    const queue = sourceOf("q", ordered);
    await declared(rig, queue);
    const messages = ["1", "2", "3"].map((id) => letter(id, { key: "k" }));
    await sent(rig, queue, ...messages);
    await using one = await Member.of(rig, inboxOf(queue), 1);
    await one.has("1");
    await one.receiver.stop();
    await using other = await Member.of(rig, inboxOf(queue));
    expect(await one.settle(one.got[0])).toEqual(["settled"]);
    await other.has("2");
    expect(await other.settle(other.got[0])).toEqual(["settled"]);
    await other.has("2", "3");
  });

  test("that closes gives back what it has in hand, uncounted", async () => {
    await using rig = await rigOn(broker.url, { partitions: 1 });
    const queue = sourceOf("q");
    await declared(rig, queue);
    await sent(rig, queue, "a");
    const one = await Member.of(rig, inboxOf(queue));
    await one.has("a");
    await one.receiver.close();
    await using other = await Member.of(rig, inboxOf(queue));
    await other.has("a");
    expect(other.got[0]).toMatchObject({ failures: 0, deliveries: 1 });
  });

  test("of a group in which others speak another protocol is refused, saying so", async () => {
    const namespace = `t-${randomUUID()}`;
    await using rig = await rigOn(broker.url, {}, { namespace });
    const queue = sourceOf("q");
    await declared(rig, queue);
    const group = groupId(namespace, inboxOf(queue));
    const node = await session.coordinator(group);
    const ask = { group, id: "", sessionMs: 6_000, rebalanceMs: 6_000, topics: [], data: Buffer.alloc(0) };
    const { id, generation } = await session.join(node, { ...ask, protocol: "range" });
    await session.sync(node, { group, id, generation }, "range", [{ id, partitions: [] }]);
    await expect(Member.of(rig, inboxOf(queue))).rejects.toMatchObject({
      code: "CONFIG",
      message: containing("not of Waybill"),
    });
    await session.leave(node, { group, id, generation });
  });

  test("of a group whose offsets have expired says so, and begins at the beginning", async () => {
    const namespace = `t-${randomUUID()}`;
    await using rig = await rigOn(broker.url, { partitions: 1 }, { namespace });
    const topic = sourceOf("t", { kind: "topic", retainMs: 600_000 });
    await declared(rig, topic, "g");
    await sent(rig, topic, "a");
    const inbox = inboxOf(topic, "g");
    const one = await Member.of(rig, inbox);
    await one.has("a");
    await one.settle(one.got[0]);
    await one.receiver.close();
    const group = groupId(namespace, inbox);
    const node = await session.coordinator(group);
    await session.deleteGroup(node, group);
    await using other = await Member.of(rig, inbox);
    await other.has("a");
    expect(rig.reports.map(({ kind }) => kind)).toContain("position-lost");
  });
});

describe.skipIf(missing)("what others write to a topic", () => {
  test("is delivered with its own headers; a tombstone is malformed", async () => {
    const namespace = `t-${randomUUID()}`;
    await using rig = await rigOn(broker.url, { partitions: 1 }, { namespace });
    const queue = sourceOf("q");
    await declared(rig, queue);
    const to = { topic: sourceTopic(namespace, "q"), partition: 0 };
    const record = { key: Buffer.from("k"), headers: [["h", Buffer.from("1")]] as const, timestamp: Date.now() };
    const records = [
      { ...record, value: Buffer.from("x") },
      { ...record, value: undefined },
    ];
    // A topic that is new may be told to have a leader which does not know it yet, and refuses.
    await eventually(async () => {
      const { topics } = await session.view([to.topic]);
      await session.produce(topics.get(to.topic)?.[0]?.leader ?? -1, to, records);
    });
    await using member = await Member.of(rig, inboxOf(queue));
    await eventually(() => expect(member.got).toHaveLength(2));
    expect(member.got[0]).toMatchObject({ id: `${to.topic}/0/0`, key: "k", headers: { h: "1" }, malformed: undefined });
    expect(member.got[1]?.malformed).toMatch(/tombstone/);
  });
});

describe.skipIf(missing)("a dead letter", () => {
  test("is one, however often its message dies in one life, and another in its next", async () => {
    await using rig = await rigOn(broker.url, { partitions: 1 });
    const queue = sourceOf("q");
    await declared(rig, queue);
    await sent(rig, queue, letter("a"), letter("a", { dedupe: "again" }));
    await using member = await Member.of(rig, inboxOf(queue));
    await member.has("a", "a");
    for (const delivery of member.got) expect(await member.settle(delivery, dead)).toEqual(["settled"]);
    expect((await lettersOf(rig, inboxOf(queue))).map(({ id }) => id)).toEqual(["a"]);
    await rig.transport.walk(inboxOf(queue), () => Promise.resolve("redrive"), AbortSignal.timeout(10_000));
    await member.has("a", "a", "a");
    expect(await lettersOf(rig, inboxOf(queue))).toEqual([]);
    await member.settle(member.got[2], dead);
    expect((await lettersOf(rig, inboxOf(queue))).map(({ id }) => id)).toEqual(["a"]);
  });
});
