import { systemClock } from "@waybill/core";
import { orSkip, startBroker } from "@waybill/testing";
import { afterAll, describe, expect, test } from "vitest";
import { AwsProxy, refusing } from "@waybill/test-servers";
import { eventually, inboxOf, letter, Member, rigOn, soon, sourceOf } from "./rig.ts";

const broker = await orSkip(startBroker("sqs", { sources: ["native"], server: "fauxqs", keeps: false }));
test.skipIf(broker === undefined)("there is a server", () => expect(broker).toBeDefined());
afterAll(() => broker?.stop());
const url = broker?.url ?? "";

describe.skipIf(broker === undefined)("a queue that is denied for a moment", () => {
  test("ends no consumer, and refuses no message for good", async () => {
    await using proxy = await AwsProxy.before(url);
    let now = Date.now();
    await using rig = await rigOn(proxy.url, {}, { backoff: () => 50, clock: { ...systemClock, now: () => now } });
    const queue = sourceOf("denied");
    await rig.transport.declare([queue]);
    await using member = await Member.of(rig, inboxOf(queue));
    for (const [index, id] of ["a", "b"].entries()) {
      let polls = 0;
      const mend = proxy.rule(({ action }) => {
        if (action === "ReceiveMessage") polls += 1;
        return ["ReceiveMessage", "SendMessageBatch"].includes(action) ? refusing("QueueDoesNotExist")() : undefined;
      });
      const [result] = await rig.transport.send(queue, [letter(id)], soon());
      expect(result).toMatchObject({ outcome: "refused", error: { code: "UNAVAILABLE" } });
      await eventually(() => expect(polls).toBeGreaterThan(1));
      mend();
      expect(await rig.transport.send(queue, [letter(id)], soon())).toEqual(["stored"]);
      await member.hasSome(index + 1);
      expect(await member.settle(member.got[index])).toEqual(["settled"]);
      // It has answered since: the next denial is none of these.
      now += 4_000;
    }
  });

  test("is missing to whoever asks for as long as it is doubted, however little patience he has with a request", async () => {
    const namespace = `t-${Math.random()}`;
    await using rig = await rigOn(url, { requestTimeoutMs: 500 }, { namespace });
    await using other = await rigOn(url, {}, { namespace });
    const queue = sourceOf("removed");
    await rig.transport.declare([queue]);
    await other.transport.remove(queue);
    await expect(rig.transport.depth(inboxOf(queue))).rejects.toMatchObject({ code: "MISSING" });
  });

  test("is believed at once to be gone where a caller waited for replies (RPC-1)", async () => {
    await using proxy = await AwsProxy.before(url);
    await using rig = await rigOn(proxy.url);
    const inbox = { ...inboxOf(sourceOf("replies")), ephemeral: true };
    await rig.transport.declare([{ kind: "inbox", inbox, start: { from: "now", reset: false } }]);
    const caller = await Member.of(rig, inbox);
    const reply = { kind: "reply", to: caller.receiver.address ?? "" } as const;
    expect(await rig.transport.send(reply, [letter("a")], soon())).toEqual(["stored"]);
    await caller.hasSome(1);
    proxy.rule(({ action }) => (action === "SendMessageBatch" ? refusing("QueueDoesNotExist")() : undefined));
    const [result] = await rig.transport.send(reply, [letter("b")], soon());
    expect(result).toMatchObject({ outcome: "refused", error: { code: "NO_ROUTE" } });
    await caller[Symbol.asyncDispose]();
  });
});
