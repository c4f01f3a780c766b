import assert from "node:assert/strict";
import type { BusReport } from "@waybill/core";
import { type Case, casesOf } from "../../case.ts";
import { range, sameNumbers } from "../../expect.ts";
import { outlineOf } from "../../item.ts";
import { lettersIn } from "../../letters.ts";
import { every, kills, once as claimed } from "../../owed.ts";
import { Recorder } from "../../recorder.ts";

/** ACK-6 */
export const once: readonly Case[] = casesOf("ACK-6", {
  "": {
    shows:
      "delivered at most once, what is handled is handled once, and what fails is dropped and reported, not retried",
    owed: claimed,
    async run(bench) {
      const queue = bench.queue();
      const reports: BusReport[] = [];
      const bus = await bench.connect({ onReport: (report) => void reports.push(report) });
      const seen = new Recorder();
      const work = seen.handler(({ data }) => {
        if (data.n % 5 === 0) throw new Error("broken");
      });
      await bus.work(queue, { delivery: "at-most-once", concurrency: 4 }, work);
      await bus.publishMany(
        queue,
        range(0, 20).map((n) => ({ n })),
      );
      await bench.eventually(
        "20 handlings",
        () => seen.began.length,
        (count) => count >= 20,
      );
      await bench.drained(bus.inbox(queue));
      sameNumbers(seen.numbers, range(0, 20), "handled");
      assert.deepEqual(await lettersIn(bus.inbox(queue)), [], "dead letters");
      const dropped = reports.filter(({ kind }) => kind === "dropped");
      assert.deepEqual(
        dropped.map(({ error }) => error?.code),
        range(0, 4).map(() => "DROPPED"),
      );
    },
  },
  killed: {
    shows: "what a member had in its hands when it was killed never comes again",
    owed: every(claimed, kills),
    async run(bench) {
      const queue = bench.queue();
      const bus = await bench.connect();
      const of = outlineOf(queue);
      const victim = await bench.member({ of, concurrency: 2, act: "hang", delivery: "at-most-once" });
      await bus.publishMany(
        queue,
        range(0, 10).map((n) => ({ n })),
      );
      await bench.eventually(
        "two in its hands",
        () => victim.began.length,
        (count) => count >= 2,
      );
      await victim.kill();
      const seen = new Recorder();
      await bus.work(queue, { delivery: "at-most-once" }, seen.handler());
      await bench.eventually(
        "the rest",
        () => seen.done.length,
        (count) => count >= 8,
        bench.leaseBoundMs,
      );
      await bench.drained(bus.inbox(queue));
      await bench.past("two leases", Date.now() + bench.manifest.leaseMs * 2);
      await bench.drained(bus.inbox(queue));
      sameNumbers([...victim.began.map(({ n }) => n), ...seen.numbers], range(0, 10), "handled by both together");
    },
  },
});
