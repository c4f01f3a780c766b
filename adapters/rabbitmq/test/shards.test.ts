import { faultProxy } from "@waybill/testing";
import { afterAll, describe, expect, test } from "vitest";
import { declared, eventually, inboxOf, letter, Member, rigOn, sent, sourceOf } from "./rig.ts";
import { withServer } from "./start-server.ts";

const { broker, missing } = await withServer();
afterAll(() => broker.stop());

const count = 40;

/** An ordered queue with messages of one key, which all go to one shard. */
async function ordered(name: string): Promise<ReturnType<typeof inboxOf>> {
  await using rig = await rigOn(broker.url);
  const queue = sourceOf(name, { ordered: true });
  await declared(rig, queue);
  const letters = Array.from({ length: count }, (_, n) => letter(`${n}`, { key: "k", source: name }));
  expect(await sent(rig, queue, ...letters)).toEqual(letters.map(() => "stored"));
  return inboxOf(queue);
}

describe.skipIf(missing)("a shard", () => {
  test("changes hands without counting what only waited, however often", async () => {
    const inbox = await ordered("comes-and-goes");
    await using rig = await rigOn(broker.url);
    for (let life = 0; life < 12; life += 1) {
      await using member = await Member.of(rig, inbox);
      await member.has("0");
      expect(member.got[0]).toMatchObject({ failures: 0, deliveries: 1 });
    }
    await using last = await Member.of(rig, inbox);
    for (let n = 0; n < count; n += 1) {
      await eventually(() => expect(last.got.length).toBe(n + 1));
      expect(last.got[n]).toMatchObject({ id: `${n}`, deliveries: 1 });
      await last.settle(last.got[n]);
    }
  });

  test("keeps failures and notes of what waits in its place, though its member's connection is cut", async () => {
    const inbox = await ordered("survives");
    await using link = await faultProxy({ to: broker.url });
    await using rig = await rigOn(link.url(broker.url));
    await using member = await Member.of(rig, inbox);
    await member.has("0");
    await member.settle(member.got[0], { outcome: "retry", delayMs: 0, failed: true, note: { why: "it failed" } });
    await eventually(() => expect(member.got.length).toBe(2));
    link.cut();
    await eventually(() => expect(member.got.length).toBe(3));
    expect(member.lost).toEqual([member.got[1]]);
    for (const delivery of member.got.slice(1))
      expect(delivery).toMatchObject({ id: "0", failures: 1, headers: { why: "it failed" } });
    await member.settle(member.got[2]);
    await eventually(() => expect(member.got[3]?.id).toBe("1"));
    expect(member.got[3]).toMatchObject({ failures: 0, headers: {} });
  });

  test("counts each death of its member against the one message that was in hand", async () => {
    const inbox = await ordered("convicts");
    await using link = await faultProxy({ to: broker.url });
    await using rig = await rigOn(link.url(broker.url));
    await using member = await Member.of(rig, inbox);
    const deaths = 12;
    for (let death = 1; death <= deaths; death += 1) {
      await eventually(() => expect(member.got.length).toBe(death));
      link.cut();
    }
    await eventually(() => expect(member.got.length).toBe(deaths + 1));
    expect(member.got.at(-1)).toMatchObject({ id: "0", deliveries: deaths + 1 });
    await member.settle(member.got.at(-1));
    for (let n = 1; n < count; n += 1) {
      await eventually(() => expect(member.got.length).toBe(deaths + n + 1));
      const next = member.got.at(-1);
      expect(next?.id).toBe(`${n}`);
      // From four on it would be handled alone.
      expect(next?.deliveries).toBeLessThan(4);
      await member.settle(next);
    }
  });
});
