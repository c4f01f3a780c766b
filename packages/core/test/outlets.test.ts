import { connect, topic } from "@waybill/core";
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
