import { connect, pattern, topic } from "@waybill/core";
import { type CountedServer, cpuOfBoth } from "./counted-server.ts";
import { inParallel } from "./load.ts";
import { oneOrder, order } from "./schemas.ts";

/**
 * What handling and settling one of `count` messages costs a consumer of a pattern, when they wait in so many topics that fit it, in
 * CPU time of client and server, µs.
 */
export async function costInPattern(
  start: () => Promise<CountedServer>,
  count: number,
  topics: number,
): Promise<number> {
  await using server = await start();
  await using bus = await connect(server.url);
  const definitions = Array.from({ length: topics }, (_, index) => topic(`topic.t-${index}`, { schema: order }));
  const all = Promise.withResolvers<void>();
  let handled = 0;
  const consumer = await bus.subscribe(
    pattern("topic.*", { schema: order }),
    { group: "bench", concurrency: 100 },
    () => {
      handled += 1;
      if (handled === count) all.resolve();
    },
  );
  consumer.pause();
  await inParallel(count, 1_000, async (index) => {
    // A run goes to one topic, as it would where each has a lot to say.
    const to = definitions[Math.floor(index / run) % topics];
    if (to !== undefined) await bus.publish(to, oneOrder);
  });
  return await cpuOfBoth(server, count, async () => {
    consumer.resume();
    await all.promise;
    await consumer.close();
  });
}

const run = 50;
