import type { Settlement } from "@waybill/core";
import { orSkip, startBroker } from "@waybill/testing";
import { afterAll, describe, expect, test } from "vitest";
import { AwsProxy } from "@waybill/test-servers";
import { eventually, inboxOf, letter, Member, rigOn, soon, sourceOf } from "./rig.ts";

const broker = await orSkip(startBroker("sqs", { sources: ["native"], server: "fauxqs", keeps: false }));
test.skipIf(broker === undefined)("there is a server", () => expect(broker).toBeDefined());
afterAll(() => broker?.stop());
const url = broker?.url ?? "";

const range = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);
const bytes = 2 ** 23;

describe.skipIf(broker === undefined)("a window that shrinks while what was asked for is on its way", () => {
  test("keeps what came beyond it, uncounted, and delivers it when there is room", async () => {
    await using proxy = await AwsProxy.before(url);
    await using rig = await rigOn(proxy.url);
    const queue = sourceOf("shrinking", { ordered: true });
    await rig.transport.declare([queue]);
    await using member = await Member.of(rig, inboxOf(queue), 4);
    await eventually(() => expect(proxy.asked).toContain("ReceiveMessage"));
    const messages = range(12).map((n) => letter(`m${n}`, { key: `k${n}` }));
    proxy.rule(({ action, pass }) => {
      if (action !== "ReceiveMessage") return undefined;
      return pass().finally(() => member.receiver.resize({ window: 1, bytes, settle: "after" }));
    });
    await rig.transport.send(queue, messages, soon());
    for (const n of range(12)) {
      await member.hasSome(n + 1);
      const delivery = member.got[n];
      if (delivery === undefined) throw new Error("nothing was delivered");
      expect(delivery.failures).toBe(0);
      const ack: Settlement = { delivery, outcome: "ack", sends: [] };
      expect(await member.receiver.settle([ack])).toEqual(["settled"]);
    }
    expect(proxy.asked).not.toContain("ChangeMessageVisibilityBatch");
  });

  test("gives it back where nothing more is wanted: others get it (SUB-10)", async () => {
    await using rig = await rigOn(url);
    const queue = sourceOf("pausing");
    await rig.transport.declare([queue]);
    await rig.transport.send(
      queue,
      range(10).map((n) => letter(`m${n}`)),
      soon(),
    );
    await using member = await Member.of(rig, inboxOf(queue), 10);
    await member.receiver.resize({ window: 2, bytes, settle: "after" });
    await member.hasSome(2);
    await member.receiver.resize({ window: 0, bytes, settle: "after" });
    await using other = await Member.of(rig, inboxOf(queue), 10);
    await other.hasSome(8);
    expect(new Set([...member.ids, ...other.ids]).size).toBe(10);
  });

  test("what handlers send leaves in batches of ten", async () => {
    await using proxy = await AwsProxy.before(url);
    await using rig = await rigOn(proxy.url);
    const [from, to] = [sourceOf("from"), sourceOf("to")];
    await rig.transport.declare([from, to]);
    await rig.transport.send(
      from,
      range(10).map((n) => letter(`m${n}`)),
      soon(),
    );
    await using member = await Member.of(rig, inboxOf(from));
    await member.hasSome(10);
    const before = proxy.asked.filter((action) => action === "SendMessageBatch").length;
    const acks = member.got.map((delivery): Settlement => ({
      delivery,
      outcome: "ack",
      sends: [[to, letter(`effect of ${delivery.id}`)]],
    }));
    expect(await member.receiver.settle(acks)).toEqual(range(10).map(() => "settled"));
    expect((await rig.transport.depth(inboxOf(to))).ready).toBe(10);
    expect(proxy.asked.filter((action) => action === "SendMessageBatch").length - before).toBeLessThanOrEqual(2);
  });
});
