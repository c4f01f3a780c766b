import { afterAll, describe, expect, test } from "vitest";
import { begun, keeping, kinds, now, published } from "./kept-topics.ts";
import { declared, eventually, inboxOf, Member, retry, rigOn, sent, sourceOf } from "./rig.ts";
import { withServer } from "./start-server.ts";

const { broker, missing } = await withServer();
afterAll(() => broker.stop());

describe.skipIf(missing).each(kinds)("%s that is moved", (kind, ordered) => {
  test("to the end has nothing left but what is in hand", async () => {
    await using rig = await rigOn(broker.url);
    const topic = keeping(`emptied ${kind}`, ordered);
    const inbox = inboxOf(topic, "g");
    await begun(rig, inbox, now);
    await using member = await Member.of(rig, inbox, 1);
    await published(rig, topic, 0, 100);
    await eventually(() => expect(member.got).toHaveLength(1));
    await begun(rig, inbox, { from: "now", reset: true });
    expect(await member.settle(member.got[0])).toEqual(["settled"]);
    await published(rig, topic, 100, 101);
    await eventually(() => expect(member.ids.at(-1)).toBe("100"));
    expect(member.got).toHaveLength(2);
    await eventually(async () => expect(await rig.transport.depth(inbox)).toMatchObject({ ready: 0 }));
  });

  test("twice while it works gets all of it, and what was in hand is its own all the while", async () => {
    await using rig = await rigOn(broker.url);
    const topic = keeping(`moved ${kind}`, ordered);
    const inbox = inboxOf(topic, "g");
    await begun(rig, inbox, now);
    await using member = await Member.of(rig, inbox, 10);
    await published(rig, topic, 0, 400);
    await eventually(() => expect(member.got).toHaveLength(10));
    await begun(rig, inbox, { from: "beginning", reset: true });
    await published(rig, topic, 400, 500);
    await begun(rig, inbox, { from: "beginning", reset: true });
    expect(member.lost).toEqual([]);
    for (const delivery of member.got.slice(0, 10)) expect(await member.settle(delivery)).toEqual(["settled"]);
    const seen = new Set<string>();
    for (let at = 10; seen.size < 500; at += 1) {
      await eventually(() => expect(member.got.length).toBeGreaterThan(at));
      seen.add(member.ids[at] ?? "");
      expect(await member.settle(member.got[at])).toEqual(["settled"]);
    }
    expect(member.lost).toEqual([]);
    await eventually(async () => expect(await rig.transport.depth(inbox)).toMatchObject({ ready: 0 }));
  });

  test("drops what was delayed for it", async () => {
    await using rig = await rigOn(broker.url);
    const topic = keeping(`delayed ${kind}`, ordered);
    const inbox = inboxOf(topic, "g");
    await begun(rig, inbox, now);
    await using member = await Member.of(rig, inbox);
    await published(rig, topic, 0, 1);
    await member.has("0");
    await member.settle(member.got[0], { ...retry, delayMs: 700 });
    const dueAt = Date.now() + 900;
    await begun(rig, inbox, { from: "now", reset: true });
    await eventually(() => expect(Date.now()).toBeGreaterThan(dueAt));
    await published(rig, topic, 20, 21);
    await eventually(() => expect(member.ids).toEqual(["0", "20"]));
  });
});

test.skipIf(missing)("a queue that is moved to the end is empty, and takes what is sent then", async () => {
  await using rig = await rigOn(broker.url);
  const queue = sourceOf("emptied");
  await declared(rig, queue);
  await sent(rig, queue, "a", "b");
  const inbox = inboxOf(queue);
  await begun(rig, inbox, { from: "now", reset: true });
  expect(await rig.transport.depth(inbox)).toMatchObject({ ready: 0 });
  await sent(rig, queue, "c");
  await using member = await Member.of(rig, inbox);
  await member.has("c");
});
