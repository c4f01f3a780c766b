import assert from "node:assert/strict";
import type { Bus } from "@waybill/core";
import type { Bench } from "../../bench.ts";
import { type Case, casesOf } from "../../case.ts";
import { gate, range } from "../../expect.ts";
import { always, order } from "../../owed.ts";
import { Recorder } from "../../recorder.ts";
import { swallowsDeliveries } from "../../shims.ts";

const stalledAfter = 150;

/** LIF-3 */
export const health: readonly Case[] = casesOf("LIF-3", {
  "": {
    shows:
      "a consumer that handles what comes is healthy, so is one that rightly has nothing to do, and one that is paused",
    owed: always,
    async run(bench) {
      const queue = bench.queue();
      const bus = await bench.connect();
      const seen = new Recorder();
      const consumer = await bus.work(queue, {}, seen.handler());
      await stillHealthy(bench, bus, "with nothing to do");
      await bus.publishMany(queue, items(10));
      await bench.drained(bus.inbox(queue));
      await stillHealthy(bench, bus, "when all is done");
      consumer.pause();
      await bus.publishMany(queue, items(10));
      await stillHealthy(bench, bus, "while it is paused");
      assert.equal((await consumer.health()).paused, true, "and says that it is");
    },
  },
  stalled: {
    shows: "a consumer that gets nothing while messages wait for it is not, though its connection is up",
    owed: always,
    async run(bench) {
      const queue = bench.queue();
      let broken = true;
      const bus = await bench.connect({ shim: swallowsDeliveries(() => broken) });
      const seen = new Recorder();
      await bus.work(queue, { concurrency: 2 }, seen.handler());
      await bus.publishMany(queue, items(20));
      const sick = await bench.eventually(
        "health is red",
        () => bus.health({ stalledAfter }),
        ({ healthy }) => !healthy,
      );
      assert.equal(sick.consumers[0]?.error?.code, "STALLED");
      broken = false;
    },
  },
  keys: {
    shows: "a member of an ordered group is healthy while what waits is held up behind another's message of its key",
    owed: order,
    on: "ordered queue",
    async run(bench) {
      const queue = bench.queue({ ordered: true });
      const [first, second] = [await bench.connect(), await bench.connect()];
      const [one, other, { opened, open }] = [new Recorder(), new Recorder(), gate()];
      const work = one.handler(() => opened);
      await first.work(queue, {}, work);
      await first.publishMany(
        queue,
        range(0, 5).map((n) => ({ n, key: "one" })),
      );
      await bench.eventually(
        "the first is in hand",
        () => one.running,
        (count) => count === 1,
      );
      await second.work(queue, {}, other.handler());
      await stillHealthy(bench, second, "beside a busy key");
      open();
      await bench.drained(first.inbox(queue));
    },
  },
});

function items(count: number): readonly { readonly n: number }[] {
  return range(0, count).map((n) => ({ n }));
}

/** Healthy now, and for three times as long as it takes to count as stalled. */
async function stillHealthy(bench: Bench, bus: Bus, when: string): Promise<void> {
  const until = performance.now() + 3 * stalledAfter;
  await bench.eventually(
    "three times that long",
    async () => {
      const { healthy, consumers } = await bus.health({ stalledAfter });
      assert(healthy, `not healthy ${when}: ${consumers[0]?.error?.message}`);
      return performance.now();
    },
    (now) => now >= until,
  );
}
