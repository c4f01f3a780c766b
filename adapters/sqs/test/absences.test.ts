import { systemClock } from "@waybill/core";
import { orSkip, startBroker } from "@waybill/testing";
import { afterAll, describe, expect, test } from "vitest";
import { Absences } from "../src/absences.ts";
import { AwsProxy, refusing } from "@waybill/test-servers";
import { eventually, inboxOf, letter, Member, rigOn, soon, sourceOf } from "./rig.ts";

const broker = await orSkip(startBroker("sqs", { sources: ["native"], server: "fauxqs", keeps: false }));
test.skipIf(broker === undefined)("there is a server", () => expect(broker).toBeDefined());
afterAll(() => broker?.stop());
const url = broker?.url ?? "";

describe("a queue that is said to be missing", () => {
  test("is believed to be, when it has been said for three seconds", () => {
    let now = 1_000_000;
    const absences = new Absences({ now: () => now });
    const heard = (afterMs: number): boolean => {
      now += afterMs;
      return absences.isBelieved("a");
    };
    expect([heard(0), heard(2_999), heard(1)]).toEqual([false, false, true]);
    absences.seen("a");
    expect([heard(0), absences.isBelieved("b")]).toEqual([false, false]);
    expect([heard(2_999), heard(10_001)], "what was said long ago is another matter").toEqual([false, false]);
  });
});

describe.skipIf(broker === undefined)("a queue that is denied for a moment", () => {
  test("ends no consumer, and refuses no message for good", async () => {
    await using proxy = await AwsProxy.before(url);
    // Not a second passes.
    const at = Date.now();
    await using rig = await rigOn(proxy.url, {}, { backoff: () => 50, clock: { ...systemClock, now: () => at } });
    const queue = sourceOf("denied");
    await rig.transport.declare([queue]);
    await using member = await Member.of(rig, inboxOf(queue));
    let polls = 0;
    const mend = proxy.rule(({ action }) => {
      if (action === "ReceiveMessage") polls += 1;
      return ["ReceiveMessage", "SendMessageBatch"].includes(action) ? refusing("QueueDoesNotExist")() : undefined;
    });
    const [result] = await rig.transport.send(queue, [letter("a")], soon());
    expect(result).toMatchObject({ outcome: "refused", error: { code: "UNAVAILABLE" } });
    await eventually(() => expect(polls).toBeGreaterThan(1));
    mend();
    expect(await rig.transport.send(queue, [letter("a")], soon())).toEqual(["stored"]);
    await member.has(1);
  });

  test("is believed at once to be gone where a caller waited for replies (RPC-1)", async () => {
    await using proxy = await AwsProxy.before(url);
    await using rig = await rigOn(proxy.url);
    const inbox = { ...inboxOf(sourceOf("replies")), ephemeral: true };
    await rig.transport.declare([{ kind: "inbox", inbox, start: { from: "now", reset: false } }]);
    const caller = await Member.of(rig, inbox);
    const reply = { kind: "reply", to: caller.receiver.address ?? "" } as const;
    expect(await rig.transport.send(reply, [letter("a")], soon())).toEqual(["stored"]);
    await caller.has(1);
    proxy.rule(({ action }) => (action === "SendMessageBatch" ? refusing("QueueDoesNotExist")() : undefined));
    const [result] = await rig.transport.send(reply, [letter("b")], soon());
    expect(result).toMatchObject({ outcome: "refused", error: { code: "NO_ROUTE" } });
    await caller[Symbol.asyncDispose]();
  });
});
