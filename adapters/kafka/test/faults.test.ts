import { Buffer } from "node:buffer";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { Admin } from "@platformatic/kafka";
import { type Broker, faultProxy, startBroker } from "@waybill/testing";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { sourceTopic } from "../src/names.ts";
import { platformaticDriver } from "../src/platformatic/driver.ts";
import { settingsOf } from "../src/url.ts";
import { Member, containing, dead, declared, eventually, inboxOf, letter, rigOn, sent, sourceOf } from "./rig.ts";
import { withServer } from "./server.ts";

// A broker that is stopped takes its time to come back, also where other tests run beside it.
vi.setConfig({ testTimeout: 120_000 });

const { broker, missing } = await withServer();
const at = new URL(broker.url).host;
const session = platformaticDriver(settingsOf(new URL(broker.url), {})).session(10_000);
const admin = new Admin({ clientId: "tests", bootstrapBrokers: [at] });
afterAll(async () => {
  await Promise.all([admin.close(), session.close()]);
  await broker.stop();
});

const straight = { tunnel: false } as const;

describe.skipIf(missing)("seeds", () => {
  test("of which none answers are named, and what may be the reason", async () => {
    const opening = rigOn("kafka://127.0.0.1:1,127.0.0.1:2", straight);
    await expect(opening).rejects.toMatchObject({ code: "UNAVAILABLE", message: containing("nothing listens there") });
  });

  test("of which one is right lead to the others", async () => {
    await using rig = await rigOn(`kafka://127.0.0.1:1,${at},nowhere.invalid:9092`, straight);
    const queue = sourceOf("q");
    await declared(rig, queue);
    expect(await sent(rig, queue, "a")).toEqual(["stored"]);
  });
});

describe.skipIf(missing)("a topic", () => {
  test("with more copies than there are brokers is refused, saying so", async () => {
    await using rig = await rigOn(broker.url, { replication: 3 });
    await expect(declared(rig, sourceOf("q"))).rejects.toMatchObject({
      code: "CONFIG",
      message: containing("?replication="),
    });
  });

  test("that others remove under a member ends it, saying so", async () => {
    const namespace = `t-${randomUUID()}`;
    await using rig = await rigOn(broker.url, { partitions: 1 }, { namespace });
    const queue = sourceOf("q");
    await declared(rig, queue);
    await using member = await Member.of(rig, inboxOf(queue));
    await sent(rig, queue, "a");
    await member.has("a");
    await session.deleteTopics([sourceTopic(namespace, "q")]);
    await expect(member.receiver.ended).rejects.toMatchObject({
      code: "MISSING",
      message: containing("not by Waybill"),
    });
  });

  test("that gets more partitions is read from all of them", async () => {
    const namespace = `t-${randomUUID()}`;
    await using rig = await rigOn(broker.url, { partitions: 1, refreshMs: 300 }, { namespace });
    const queue = sourceOf("q");
    await declared(rig, queue);
    await using member = await Member.of(rig, inboxOf(queue));
    await admin.createPartitions({ topics: [{ name: sourceTopic(namespace, "q"), count: 4 }] });
    const ids: string[] = [];
    // Which partition a message without a key lies in is the publisher's to choose.
    await eventually(async () => {
      const id = `m${ids.length}`;
      expect(await sent(rig, queue, letter(id, { key: id }))).toEqual(["stored"]);
      ids.push(id);
      const { topics } = await session.view([sourceTopic(namespace, "q")]);
      const partitions = (topics.get(sourceTopic(namespace, "q")) ?? []).map((_, partition) => partition);
      const found = await session.offsets(
        1,
        partitions.map((partition) => ({ topic: sourceTopic(namespace, "q"), partition, at: -1 })),
      );
      expect(found.filter(({ offset }) => offset > 0)).toHaveLength(4);
    });
    await member.has(...ids);
  });

  test("whose oldest messages are gone is gone on with, saying from where", async () => {
    const namespace = `t-${randomUUID()}`;
    await using rig = await rigOn(broker.url, { partitions: 1 }, { namespace });
    const queue = sourceOf("q");
    await declared(rig, queue);
    await sent(rig, queue, "a", "b", "c");
    await using one = await Member.of(rig, inboxOf(queue), 1);
    await one.has("a");
    await one.receiver.close();
    await session.truncate(1, [{ topic: sourceTopic(namespace, "q"), partition: 0, offset: 2 }]);
    await using other = await Member.of(rig, inboxOf(queue));
    await other.has("c");
    expect(rig.reports).toContainEqual({
      kind: "position-lost",
      error: expect.objectContaining({
        message: expect.stringMatching(/offset 0 of partition 0 .* going on from 2/) as string,
      }) as object,
    });
  });
});

test.skipIf(missing)("what has broken headers is malformed, and what comes behind it is delivered", async () => {
  const namespace = `t-${randomUUID()}`;
  await using rig = await rigOn(broker.url, { partitions: 1 }, { namespace });
  const queue = sourceOf("q");
  await declared(rig, queue);
  const record = { key: undefined, value: Buffer.from("x"), timestamp: Date.now() };
  const broken = [Buffer.from("{"), Buffer.from('["id",7]'), Buffer.from([0xff, 0xfe]), Buffer.alloc(0)];
  const records = broken.map((bytes) => ({ ...record, headers: [["waybill", bytes]] as const }));
  await eventually(() => session.produce(1, { topic: sourceTopic(namespace, "q"), partition: 0 }, records));
  await sent(rig, queue, "good");
  await using member = await Member.of(rig, inboxOf(queue));
  await eventually(() => expect(member.got).toHaveLength(5));
  expect(member.got.map(({ malformed }) => malformed?.includes("header waybill"))).toEqual([
    true,
    true,
    true,
    true,
    undefined,
  ]);
});

test.skipIf(missing)("a broker that stands still for longer than the lease loses nothing, and is told", async () => {
  await using own = await startBroker("kafka");
  await using rig = await rigOn(own.url, { partitions: 1 });
  const queue = sourceOf("q", { ordered: true });
  await declared(rig, queue);
  await using member = await Member.of(rig, inboxOf(queue));
  await sent(rig, queue, letter("a", { key: "k" }), letter("b", { key: "k" }));
  await member.has("a");
  await own.pause();
  const sending = rig.transport.send(queue, [letter("c", { key: "k" })], { deadline: Date.now() + 500 });
  expect(await sending).toMatchObject([{ outcome: "unknown" }]);
  await eventually(() => expect(member.lost.map(({ id }) => id)).toEqual(["a"]));
  await eventually(() => expect(rig.reports.map(({ kind }) => kind)).toContain("lost"));
  await own.resume();
  await eventually(() => expect(member.ids.filter((id) => id === "a")).toHaveLength(2));
  await eventually(() => expect(rig.reports.map(({ kind }) => kind)).toContain("restored"));
  await member.settle(member.got.at(-1));
  await eventually(() => expect(member.ids.at(-1)).toBe("b"));
});

test.skipIf(missing)("what is being settled when the lease ends comes again, and holds up nothing", async () => {
  await using proxy = await faultProxy({ to: broker.url });
  await using rig = await rigOn(proxy.url(broker.url), { partitions: 1 });
  const queue = sourceOf("q", { ordered: true });
  await declared(rig, queue);
  await sent(rig, queue, letter("a", { key: "k" }), letter("b", { key: "k" }));
  await using member = await Member.of(rig, inboxOf(queue));
  await member.has("a");
  proxy.blackHole();
  expect(await member.settle(member.got[0], dead)).toEqual(["lost"]);
  await proxy.heal();
  await member.has("a", "a");
  expect(await member.settle(member.got[1])).toEqual(["settled"]);
  await member.has("a", "a", "b");
});

describe.skipIf(missing)("brokers that advertise an address that leads nowhere", () => {
  let lost: Broker;
  beforeAll(async () => {
    const port = await freePort();
    const settings = { "advertised.listeners": `CLIENT://127.0.0.1:1,PLAINTEXT://127.0.0.1:${port + 2}` };
    lost = await startBroker("kafka", { sources: ["native"], port, settings });
  });
  afterAll(() => lost.stop());

  test("are refused at once, naming the setting", async () => {
    const opening = rigOn(lost.url, straight);
    await expect(opening).rejects.toMatchObject({ code: "UNAVAILABLE", message: containing("advertised.listeners") });
  });

  test("are reached by the URL alone with ?tunnel", async () => {
    await using rig = await rigOn(lost.url);
    const queue = sourceOf("q");
    await declared(rig, queue);
    expect(await sent(rig, queue, "a")).toEqual(["stored"]);
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
