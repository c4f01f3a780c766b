import { orSkip, startBroker } from "@waybill/testing";
import { afterAll, expect, test } from "vitest";
import { leftoverTag, removeLeftovers } from "./leftovers.ts";
import { rigOn, sourceOf } from "./rig.ts";

const broker = await orSkip(startBroker("sqs", { sources: ["native"], server: "fauxqs", keeps: false }));
test.skipIf(broker === undefined)("there is a server", () => expect(broker).toBeDefined());
afterAll(() => broker?.stop());
const url = broker?.url ?? "";

test.skipIf(broker === undefined)("what tests have made in an account is removed, and nothing else", async () => {
  await using mine = await rigOn(url, {}, { namespace: "mine" });
  await using tests = await rigOn(url, { tags: { [leftoverTag]: "yes" } }, { namespace: "tests" });
  const [queue, topic] = [sourceOf("queue"), sourceOf("topic", { kind: "topic" })];
  for (const { transport } of [mine, tests]) await transport.declare([queue, topic]);
  // A queue, its dead letters and a topic.
  expect(await removeLeftovers(url)).toBe(3);
  expect(await removeLeftovers(url)).toBe(0);
  await using verifying = await rigOn(url, {}, { namespace: "mine", topology: "verify" });
  await verifying.transport.declare([queue, topic]);
});
