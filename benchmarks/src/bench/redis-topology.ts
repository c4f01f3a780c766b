import { connect, topic } from "@waybill/core";
import type { Figure } from "../figure.ts";
import { inParallel } from "../load.ts";
import { cpuOfBoth, startRedis } from "../redis-server.ts";
import { oneOrder, order } from "../schemas.ts";

const count = 50_000;
const [topics, groups] = [1_000, 100];

interface Layout {
  readonly topics: number;
  /** Of each topic. */
  readonly groups: number;
  /** How many of the topics the messages go to, one after the other. */
  readonly used: number;
  /** How many publishes are under way. */
  readonly inFlight: number;
}

/** What a delivered message costs from publish to settled, in CPU time of client and server, where there are many topics or groups. */
export async function measure(): Promise<readonly Figure[]> {
  const plain: Layout = { topics: 1, groups: 1, used: 1, inFlight: 1_000 };
  await cost(plain);
  const one = await cost(plain);
  const among = await cost({ ...plain, topics });
  const copied = await cost({ ...plain, groups });
  const spread = await cost({ ...plain, topics, used: topics });
  const single = await cost({ ...plain, inFlight: 1 });
  const against = (what: string, value: number, base: number, goal?: number): Figure => {
    return { what, unit: "ratio", value: value / base, better: "less", goal };
  };
  return [
    {
      what: "Redis, CPU time of a message from publish to settled, client and server",
      unit: "µs",
      value: one,
      better: "less",
    },
    against(`the same where ${topics} topics have a consumer each, against 1`, among, one, 1.5),
    against(`the same for each of a topic's ${groups} groups, against 1`, copied, one, 1.5),
    against(`the same, spread over all ${topics} topics`, spread, one),
    against(`spread over all ${topics} topics, against one topic and one message at a time`, spread, single),
  ];
}

/** µs of each of `count` deliveries, each topic and group having a consumer. */
async function cost(layout: Layout): Promise<number> {
  await using server = await startRedis();
  await using bus = await connect(server.url);
  const all = Promise.withResolvers<void>();
  let handled = 0;
  const handle = (): void => {
    handled += 1;
    if (handled === count) all.resolve();
  };
  const definitions = Array.from({ length: layout.topics }, (_, index) => topic(`topic.t-${index}`, { schema: order }));
  for (const to of definitions) {
    for (let group = 0; group < layout.groups; group += 1) {
      await bus.subscribe(to, { group: `g-${group}`, concurrency: 100 }, handle);
    }
  }
  return await cpuOfBoth(server, count, async () => {
    await inParallel(count / layout.groups, layout.inFlight, async (index) => {
      const to = definitions[index % layout.used];
      if (to !== undefined) await bus.publish(to, oneOrder);
    });
    await all.promise;
  });
}
