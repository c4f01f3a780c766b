import assert from "node:assert/strict";
import process from "node:process";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { BusReport } from "@waybill/core";
import { type Case, casesOf } from "../../case.ts";
import { range, sameNumbers, unique } from "../../expect.ts";
import { numberOf } from "../../letters.ts";
import { always } from "../../owed.ts";

const count = 10_000;
const text = "x".repeat(2_000);
/** All letters together have some 22 MB. */
const most = 8 * 2 ** 20;

/** DLQ-5 */
export const many: readonly Case[] = casesOf("DLQ-5", {
  many: {
    shows: "ten thousand letters are listed and discarded without being held in memory together",
    owed: always,
    alone: true,
    async run(bench) {
      const queue = bench.queue();
      const losses: BusReport[] = [];
      const onReport = (report: BusReport): void => {
        if (report.kind === "lost" || report.kind === "settle-failed") losses.push(report);
      };
      const bus = await bench.connect({ onReport });
      const worker = await bus.work(queue, { concurrency: 200, retry: { maxAttempts: 1 } }, () => {
        throw new Error("dies at once");
      });
      await bus.publishMany(
        queue,
        range(0, count).map((n) => ({ n, text })),
      );
      const inbox = bus.inbox(queue);
      // A lease that was lost on the way may leave two of a letter, where that is a copy.
      const mayBeTwo = (): boolean => bench.manifest.move === "copy" && losses.length > 0;
      await bench.eventually(
        `${count} letters`,
        () => inbox.stats(),
        ({ dead }) => dead === count || (mayBeTwo() && (dead ?? 0) > count),
        bench.boundMs * 6,
      );
      if (mayBeTwo()) await bench.drained(inbox);
      await worker.close();
      const listed: number[] = [];
      const before = inUse();
      for await (const letter of inbox.deadLetters.list()) {
        listed.push(numberOf(letter));
        if (listed.length % 2_500 !== 0) continue;
        const more = inUse() - before;
        assert(more < most, `after ${listed.length} letters ${Math.round(more / 2 ** 20)} MiB more are in use`);
      }
      sameNumbers(mayBeTwo() ? unique(listed) : listed, range(0, count), "listed");
      assert.equal(await inbox.deadLetters.discard("all"), listed.length, "discarded");
      assert.equal((await inbox.stats()).dead ?? 0, 0, "left");
    },
  },
});

/** The bytes that are in use once the garbage is gone. */
function inUse(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  // The memory of buffers goes with the second look.
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
