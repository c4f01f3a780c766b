import { Buffer } from "node:buffer";
import { nameOf } from "@waybill/core";
import { faultProxy } from "@waybill/testing";
import { afterAll, describe, expect, test } from "vitest";
import { withChannel } from "../src/channel.ts";
import { inboxBase, keptQueue, unfilledQueue } from "../src/names.ts";
import { isThere } from "../src/presence.ts";
import { unfilled } from "../src/queues.ts";
import { opened, settingsFor } from "./connection.ts";
import { begun, beginning, Handled, hour, ids, keeping, kinds, now, published } from "./kept-topics.ts";
import { dead, eventually, inboxOf, letter, lettersOf, Member, namespace, retry, rigOn, sent } from "./rig.ts";
import { withServer } from "./start-server.ts";

const { broker, missing } = await withServer();
afterAll(() => broker.stop());

test.skipIf(missing)("a mark of an unfinished copy that nobody can read holds up nobody (FLT-3)", async () => {
  await using rig = await rigOn(broker.url);
  const topic = keeping("odd mark", false);
  const inbox = inboxOf(topic, "g");
  await begun(rig, inbox, now);
  await using direct = await opened(settingsFor(broker.url));
  const mark = unfilledQueue(inboxBase(namespace, nameOf(inbox)));
  await withChannel(direct.connection, async (channel) => {
    await channel.assertQueue(mark, unfilled(undefined));
    channel.sendToQueue(mark, Buffer.from("{"), { persistent: true });
    await channel.checkQueue(mark);
  });
  await begun(rig, inbox, beginning);
  expect(await isThere(direct.connection, mark)).toBe(false);
});

describe.skipIf(missing).each(kinds)("%s that begins in the past", (kind, ordered) => {
  test("gets all of it, though its maker is killed in the middle of the copying", async () => {
    await using rig = await rigOn(broker.url);
    const topic = keeping(`killed ${kind}`, ordered);
    const inbox = inboxOf(topic, "g");
    await rig.transport.declare([topic]);
    await published(rig, topic, 0, 1_000);
    await using link = await faultProxy({ to: broker.url });
    const dying = await rigOn(link.url(broker.url));
    const { promise: isKilled, resolve } = Promise.withResolvers<void>();
    link.toServer.when({ text: "body of 500" }, () => {
      link.cut();
      void link.refuse().then(resolve);
    });
    const making = begun(dying, inbox, beginning).then(
      () => "made",
      () => "killed",
    );
    await isKilled;
    await dying.transport.close();
    expect(await making).toBe("killed");
    await published(rig, topic, 1_000, 1_100);
    await using handled = await Handled.by(inbox, rig);
    await begun(rig, inbox, now);
    await handled.all(1_100, rig, inbox);
    expect(ordered ? handled.late : []).toEqual([]);
    await using direct = await opened(settingsFor(broker.url));
    expect(await isThere(direct.connection, unfilledQueue(inboxBase(namespace, nameOf(inbox))))).toBe(false);
  });

  test("gets it once, though two members declare it at once", async () => {
    await using rig = await rigOn(broker.url);
    await using other = await rigOn(broker.url);
    const topic = keeping(`both ${kind}`, ordered);
    const inbox = inboxOf(topic, "g");
    await rig.transport.declare([topic]);
    await published(rig, topic, 0, 300);
    await Promise.all([begun(rig, inbox, beginning), begun(other, inbox, beginning)]);
    expect(await rig.transport.depth(inbox)).toMatchObject({ ready: 300 });
    await using handled = await Handled.by(inbox, rig, other);
    await handled.all(300, rig, inbox);
    expect(handled.ids.toSorted()).toEqual(ids(0, 300).toSorted());
  });

  test("gets all of it, and what is published all the while", async () => {
    await using rig = await rigOn(broker.url);
    await using other = await rigOn(broker.url);
    await using publisher = await rigOn(broker.url);
    const topic = keeping(`meanwhile ${kind}`, ordered);
    const inbox = inboxOf(topic, "g");
    await rig.transport.declare([topic]);
    await published(rig, topic, 0, 500);
    let count = 500;
    let isOver = false;
    const publishing = (async () => {
      for (; !isOver; count += 20) await published(publisher, topic, count, count + 20);
    })();
    await begun(rig, inbox, beginning);
    await using handled = await Handled.by(inbox, rig, other);
    await eventually(() => expect(handled.ids.length).toBeGreaterThan(1_000));
    isOver = true;
    await publishing;
    await handled.all(count, rig, inbox);
    // In a shard it is seen what comes live and of the past.
    const twice = handled.ids.length - count;
    expect(ordered ? twice : 0).toBe(0);
    expect(ordered ? handled.late : []).toEqual([]);
  });

  test("gets nothing that is older than its topic keeps", async () => {
    await using rig = await rigOn(broker.url);
    const topic = keeping(`old ${kind}`, ordered, 500);
    const inbox = inboxOf(topic, "g");
    await rig.transport.declare([topic]);
    await published(rig, topic, 0, 10);
    const oldAt = Date.now() + 500;
    await eventually(() => expect(Date.now()).toBeGreaterThan(oldAt));
    await published(rig, topic, 10, 20);
    await begun(rig, inbox, beginning);
    await using direct = await opened(settingsFor(broker.url));
    expect(await isThere(direct.connection, keptQueue(namespace, topic.name))).toBe(true);
    await using handled = await Handled.by(inbox, rig);
    await handled.all(10, rig, inbox);
    expect(handled.ids.toSorted()).toEqual(ids(10, 20));
  });

  test("gets each message as it was published", async () => {
    await using rig = await rigOn(broker.url);
    const topic = keeping(`faithful ${kind}`, ordered);
    const inbox = inboxOf(topic, "g");
    await rig.transport.declare([topic]);
    const headers = {
      "x-death": "é\u0000]",
      CC: "",
      "": "empty",
      "waybill-replay": "end",
      "content-type": "a/b",
      plain: "",
    };
    const odd = letter("é".repeat(200), { source: topic.name, key: "k\u0000", headers });
    expect(await sent(rig, topic, odd)).toEqual(["stored"]);
    await begun(rig, inbox, beginning);
    await using member = await Member.of(rig, inbox);
    await member.has(odd.id);
    const [got] = member.got;
    expect(got).toMatchObject({ key: odd.key, headers, failures: 0, deliveries: 1, malformed: undefined });
    expect(Buffer.from(got?.body ?? [])).toEqual(odd.body);
  });

  test("can fail, be tried again and be buried there", async () => {
    await using rig = await rigOn(broker.url);
    const topic = keeping(`failing ${kind}`, ordered);
    const inbox = inboxOf(topic, "g");
    await rig.transport.declare([topic]);
    await published(rig, topic, 0, 1);
    await begun(rig, inbox, beginning);
    await published(rig, topic, 20, 21);
    await using member = await Member.of(rig, inbox);
    await eventually(() => expect(member.got.some(({ id }) => id === "0")).toBe(true));
    await member.settle(
      member.got.find(({ id }) => id === "0"),
      retry,
    );
    await eventually(() => expect(member.got.at(-1)).toMatchObject({ id: "0", failures: 1 }));
    expect(await member.settle(member.got.at(-1), dead)).toEqual(["settled"]);
    await eventually(() => expect(member.ids).toContain("20"));
    expect((await lettersOf(rig, inbox)).map(({ id }) => id)).toEqual(["0"]);
  });
});

test.skipIf(missing)("an ordered group whose member dies while it catches up goes on in order", async () => {
  await using rig = await rigOn(broker.url);
  const topic = keeping("dying", true);
  const inbox = inboxOf(topic, "g");
  await rig.transport.declare([topic]);
  await published(rig, topic, 0, 2_000);
  await begun(rig, inbox, beginning);
  await published(rig, topic, 2_000, 3_000);
  await using link = await faultProxy({ to: broker.url });
  await using dying = await rigOn(link.url(broker.url));
  await using handled = await Handled.by(inbox, dying);
  for (const count of [100, 700, 1_500, 2_100]) {
    await eventually(() => expect(handled.ids.length).toBeGreaterThan(count));
    link.cut();
  }
  await handled.all(3_000, rig, inbox);
  expect(handled.late).toEqual([]);
});

test.skipIf(missing)(
  "a topic that is removed leaves no stream behind, and keeps anew when it is made again",
  async () => {
    await using rig = await rigOn(broker.url);
    const topic = keeping("removed", true);
    const inbox = inboxOf(topic, "g");
    await begun(rig, inbox, now);
    await published(rig, topic, 0, 10);
    await begun(rig, inbox, { from: "beginning", reset: true });
    await rig.transport.remove(topic);
    await using direct = await opened(settingsFor(broker.url));
    expect(await isThere(direct.connection, keptQueue(namespace, topic.name))).toBe(false);
    await begun(rig, inbox, beginning);
    expect(await rig.transport.depth(inbox)).toMatchObject({ ready: 0 });
  },
);

test.skipIf(missing)("a topic that keeps for another time is refused", async () => {
  await using rig = await rigOn(broker.url);
  await rig.transport.declare([keeping("other", false, hour)]);
  await expect(rig.transport.declare([keeping("other", false, 2 * hour)])).rejects.toMatchObject({
    code: "TOPOLOGY_MISMATCH",
    message: expect.stringContaining("retainMs is 3600000, asked for is 7200000") as string,
  });
});

test.skipIf(missing)(
  "a subscription without a group can begin in the past, and is refused where it is ordered",
  async () => {
    await using rig = await rigOn(broker.url);
    const plain = keeping("nameless", false);
    await rig.transport.declare([plain]);
    await published(rig, plain, 0, 5);
    const inbox = { ...inboxOf(plain, "e"), ephemeral: true };
    await begun(rig, inbox, beginning);
    await using handled = await Handled.by(inbox, rig);
    await handled.all(5, rig, inbox);
    const ordered = { ...inboxOf(keeping("nameless-ordered", true), "e"), ephemeral: true };
    await expect(begun(rig, ordered, beginning)).rejects.toMatchObject({ code: "UNSUPPORTED" });
  },
);
