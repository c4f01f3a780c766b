import assert from "node:assert/strict";
import { queue } from "@waybill/core";
import { type Case, casesOf } from "../../case.ts";
import { gate } from "../../expect.ts";
import { always } from "../../owed.ts";
import { Recorder } from "../../recorder.ts";

/** PRI-1 */
export const priorities: readonly Case[] = casesOf("PRI-1", {
  "": {
    shows: "of what waits, a higher priority is delivered first, and equal ones in the order they were published",
    owed: always,
    async run(bench) {
      const jobs = queue(bench.name("queue"), { schema: bench.queue().schema, priorities: 4 });
      const [bus, { opened, open }] = [await bench.connect(), gate()];
      const seen = new Recorder();
      const work = seen.handler(({ data }) => (data.n === 0 ? opened : undefined));
      await bus.work(jobs, { concurrency: 1 }, work);
      await bus.send(jobs, { n: 0 });
      await bench.eventually(
        "the first is being handled",
        () => seen.running,
        (running) => running === 1,
      );
      const levels = [0, 2, 1, 3, 2, 0, 3, 1];
      for (const [index, priority] of levels.entries()) await bus.send(jobs, { n: index + 1 }, { priority });
      open();
      await bench.eventually(
        "all",
        () => seen.done.length,
        (count) => count >= 9,
      );
      assert.deepEqual(seen.numbers, [0, 4, 7, 2, 5, 3, 8, 1, 6], "the order of the handlings");
    },
  },
});
