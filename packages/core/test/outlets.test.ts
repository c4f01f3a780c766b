import {
  type Adapter,
  type AdapterContext,
  connect,
  type SendResult,
  topic,
  type Transport,
  WaybillError,
} from "@waybill/core";
import { memory } from "@waybill/memory";
import { virtualClock } from "@waybill/testing";
import { expect, test } from "vitest";
import { z } from "zod";

const schema = z.object({ n: z.number() });

test("definitions of one topic keep the order of a key among each other", async () => {
  const clock = virtualClock();
  const bus = await connect("memory:outlets-test", { clock, adapters: [memory] });
  const one = (): typeof lanes => topic("lanes", { schema, key: () => "all", ordered: true });
  const lanes = topic("lanes", { schema, key: () => "all", ordered: true });
  const seen: number[] = [];
  await bus.subscribe(lanes, { group: "g" }, ({ data }) => seen.push(data.n));
  const published = Array.from({ length: 20 }, (_, n) => bus.publish(n % 3 === 0 ? lanes : one(), { n }));
  while (seen.length < 20) await clock.advance(10);
  await Promise.all(published);
  expect(seen).toEqual(Array.from({ length: 20 }, (_, n) => n));
  await bus.close();
});

test("what waits and is not stored turns health red, saying what the carrier says, until something is (LIF-3)", async () => {
  const clock = virtualClock();
  let answer: (result: SendResult) => void = () => undefined;
  const contexts: AdapterContext[] = [];
  const held: Adapter = {
    name: "held",
    schemes: ["held:"],
    async connect(_url, context) {
      contexts.push(context);
      const transport = await memory.connect(new URL("memory:"), context);
      const send: Transport["send"] = (_to, messages) =>
        new Promise((resolve) => (answer = (result) => resolve(messages.map(() => result))));
      return Object.assign(transport, { send });
    },
  };
  const bus = await connect("held:", { clock, adapters: [held], publishTimeout: "1h" });
  const published = bus.publish(topic("held", { schema }), { n: 1 });
  await clock.advance(29_999);
  expect(await bus.health()).toMatchObject({ healthy: true, publishing: { healthy: true, waiting: 1 } });
  await clock.advance(1);
  const stalled = {
    code: "STALLED",
    message: "1 message(s) wait to be stored, and none was for 30000 ms: look at the carrier",
  };
  expect(await bus.health()).toMatchObject({
    healthy: false,
    publishing: { healthy: false, waiting: 1, error: stalled },
  });
  contexts[0]?.report("throttled", undefined, new WaybillError("UNAVAILABLE", "low on memory"));
  const { publishing } = await bus.health({ stalledAfter: "30s" });
  expect(publishing.error?.message).toContain("for 30000 ms: low on memory");
  // Refused for now is no progress.
  answer({ outcome: "refused", error: new WaybillError("UNAVAILABLE", "not yet") });
  await clock.advance(10_000);
  contexts[0]?.report("restored");
  expect((await bus.health()).publishing.error?.message).toContain("for 40000 ms: look at the carrier");
  answer("stored");
  await published;
  expect(await bus.health()).toEqual({ healthy: true, publishing: { healthy: true, waiting: 0 }, consumers: [] });
  const next = bus.publish(topic("held", { schema }), { n: 2 });
  await clock.flush();
  expect((await bus.health()).healthy).toBe(true);
  answer("stored");
  await next;
  await bus.close();
});
