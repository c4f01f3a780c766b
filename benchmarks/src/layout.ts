import { connect, topic } from "@waybill/core";
import { type CountedServer, cpuOfBoth } from "./counted-server.ts";
import { inParallel } from "./load.ts";
import { oneOrder, order } from "./schemas.ts";

export interface Layout {
  readonly topics: number;
  /** Of each topic. */
  readonly groups: number;
  /** How many of the topics the messages go to, one after the other. */
  readonly used: number;
  /** How many publishes are under way. */
  readonly inFlight: number;
}

/** How many groups are made at once. */
const subscribing = 10;

/** What each of `count` deliveries costs from publish to settled, each topic and group having a consumer, µs of client and server. */
export async function costOf(layout: Layout, count: number, start: () => Promise<CountedServer>): Promise<number> {
  await using server = await start();
  await using bus = await connect(server.url);
  const all = Promise.withResolvers<void>();
  let handled = 0;
  const handle = (): void => {
    handled += 1;
    if (handled === count) all.resolve();
  };
  const definitions = Array.from({ length: layout.topics }, (_, index) => topic(`topic.t-${index}`, { schema: order }));
  for (const to of definitions) {
    await inParallel(layout.groups, subscribing, (group) =>
      bus.subscribe(to, { group: `g-${group}`, concurrency: 100 }, handle),
    );
  }
  return await cpuOfBoth(server, count, async () => {
    await inParallel(count / layout.groups, layout.inFlight, async (index) => {
      const to = definitions[index % layout.used];
      if (to !== undefined) await bus.publish(to, oneOrder);
    });
    await all.promise;
  });
}
