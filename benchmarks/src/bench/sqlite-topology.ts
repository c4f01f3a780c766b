import { join } from "node:path";
import { connect, type Place, topic } from "@waybill/core";
import type { Figure } from "../figure.ts";
import { inParallel, timed } from "../load.ts";
import { openFile } from "../seam.ts";
import { oneOrder, order } from "../schemas.ts";
import { scratch } from "../scratch.ts";

const count = 50_000;
const [topics, groups] = [1_000, 100];

/** What one publish costs in a file with many topics and groups, against one of each; every topic has one group either way. */
export async function measure(): Promise<readonly Figure[]> {
  const one = await run(1, 1, 1);
  const among = await run(topics, groups, 1);
  const all = await run(topics, groups, topics);
  const figure = (what: string, value: number, goal?: number): Figure => {
    return { what, unit: "ratio", value, better: "less", goal };
  };
  return [
    figure(
      `SQLite, a publish where there are ${topics} topics and ${groups} groups, against 1 and 1`,
      among / one,
      1.5,
    ),
    figure(`the same, spread over all ${topics} topics`, all / one),
  ];
}

/** How long `count` publishes take, to the first `used` of so many topics. */
async function run(topicCount: number, groupCount: number, used: number): Promise<number> {
  using directory = scratch();
  const url = `sqlite:${join(directory.path, "bench.db")}`;
  const definitions = Array.from({ length: topicCount }, (_, index) => topic(`topic.t-${index}`, { schema: order }));
  const transport = await openFile(url);
  await transport.declare(
    definitions.flatMap(({ name, shape }, index): readonly Place[] => {
      const inbox = { source: name, shape, group: `g-${index % groupCount}`, ordered: false, ephemeral: false };
      return [
        { kind: "source", name, shape },
        { kind: "inbox", inbox, start: { from: "now", reset: false } },
      ];
    }),
  );
  await transport.close();
  await using bus = await connect(url);
  const publish = async (index: number): Promise<void> => {
    const to = definitions[index % used];
    if (to !== undefined) await bus.publish(to, oneOrder);
  };
  await inParallel(Math.max(used, 1_000), 100, publish);
  return await timed(() => inParallel(count, 1_000, publish));
}
