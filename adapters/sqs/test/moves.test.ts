import { orSkip, startBroker } from "@waybill/testing";
import { afterAll, describe, expect, test } from "vitest";
import { AwsProxy } from "@waybill/test-servers";
import { eventually, inboxOf, letter, Member, rigOn, soon, sourceOf } from "./rig.ts";

const broker = await orSkip(startBroker("sqs", { sources: ["native"], server: "fauxqs", keeps: false }));
test.skipIf(broker === undefined)("there is a server", () => expect(broker).toBeDefined());
afterAll(() => broker?.stop());
const url = broker?.url ?? "";

const queue = sourceOf("moves", { ordered: true });
const inbox = inboxOf(queue);

/** What becomes of a message of a FIFO queue that dies, is redriven at once, and dies again: where it is in the end. */
async function afterTwoDeaths(through: string): Promise<"among the dead" | "lost"> {
  await using rig = await rigOn(through);
  const { transport } = rig;
  await transport.declare([queue]);
  await transport.send(queue, [letter("a", { key: "k" })], soon());
  await using member = await Member.of(rig, inbox);
  for (const deaths of [1, 2]) {
    await eventually(async () => {
      const { ready = 0, inFlight = 0 } = await transport.depth(inbox);
      if (member.got.length < deaths && ready + inFlight > 0) throw new Error("it is on its way");
    });
    const delivery = member.got[deaths - 1];
    if (delivery === undefined) return "lost";
    expect(await member.receiver.settle([{ delivery, outcome: "dead", note: {} }])).toEqual(["settled"]);
    if (deaths === 1) await transport.walk(inbox, async () => "redrive", new AbortController().signal);
  }
  const { dead } = await transport.depth(inbox);
  return dead === 1 ? "among the dead" : "lost";
}

interface Entry extends Readonly<Record<string, unknown>> {
  readonly MessageAttributes: { readonly waybill: { readonly StringValue: string } };
}

/** As one sends a move who gives it the message's own id, which SQS has seen within five minutes. */
function withOldId(entry: Entry): Entry {
  const [, id] = JSON.parse(entry.MessageAttributes.waybill.StringValue) as readonly [number, string];
  return { ...entry, MessageDeduplicationId: `i${id}` };
}

describe.skipIf(broker === undefined)("a move within a FIFO queue", () => {
  test("has an id of its own, so that nothing is swallowed", async () => {
    expect(await afterTwoDeaths(url)).toBe("among the dead");
  });

  test("would be swallowed with the message's own, and lost", async () => {
    await using proxy = await AwsProxy.before(url);
    proxy.rule(({ action, body, pass }) => {
      if (action !== "SendMessageBatch") return undefined;
      return pass({ ...body, Entries: (body["Entries"] as readonly Entry[]).map(withOldId) });
    });
    expect(await afterTwoDeaths(proxy.url)).toBe("lost");
  });
});
