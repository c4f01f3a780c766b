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
    expect(heard(60_001), "what was said a minute ago is another matter").toBe(false);
  });
});

describe.skipIf(broker === undefined)("a queue that is denied for a moment", () => {
  test("ends no consumer, and refuses no message for good", async () => {
    await using proxy = await AwsProxy.before(url);
    await using rig = await rigOn(proxy.url, {}, { backoff: () => 50 });
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
});
