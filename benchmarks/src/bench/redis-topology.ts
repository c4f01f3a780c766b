import type { Figure } from "../figure.ts";
import { costOf, type Layout } from "../layout.ts";
import { startRedis } from "../redis-server.ts";

const count = 50_000;
const [topics, groups] = [1_000, 100];

/** What a delivered message costs from publish to settled, in CPU time of client and server, where there are many topics or groups. */
export async function measure(): Promise<readonly Figure[]> {
  const cost = (layout: Layout): Promise<number> => costOf(layout, count, startRedis);
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
