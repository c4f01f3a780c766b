import assert from "node:assert/strict";
import type { BusReport } from "@waybill/core";
import { type Case, casesOf } from "../../case.ts";
import { sameNumbers } from "../../expect.ts";
import { lettersIn } from "../../letters.ts";
import { always } from "../../owed.ts";
import { Recorder } from "../../recorder.ts";

/** So long that a slow machine handles it in time, and no longer than its retry waits, ms. */
const valid = 3_000;

/** TTL-1 */
export const expiry: readonly Case[] = casesOf("TTL-1", {
  "": {
    shows: "what has expired while it waited is not handled but dropped and reported, what has not is handled",
    owed: always,
    async run(bench) {
      const queue = bench.queue();
      const publisher = await bench.connect();
      const [short] = await Promise.all([
        publisher.send(queue, { n: 1 }, { expiresIn: 50 }),
        publisher.send(queue, { n: 2 }, { expiresIn: "1h" }),
        publisher.send(queue, { n: 3 }),
      ]);
      await bench.past("the first one's end", short.expiresAt ?? Infinity);
      const reports: BusReport[] = [];
      const bus = await bench.connect({ onReport: (report) => void reports.push(report) });
      const seen = new Recorder();
      await bus.work(queue, {}, seen.handler());
      await bench.eventually(
        "the two others",
        () => seen.done.length,
        (count) => count >= 2,
      );
      await bench.drained(bus.inbox(queue));
      sameNumbers(seen.numbers, [2, 3], "handled");
      checkDropped(reports, short.id);
      assert.deepEqual(await lettersIn(bus.inbox(queue)), [], "dead letters");
    },
  },
  retries: {
    shows: "a message that expires between its attempts is not tried again",
    owed: always,
    async run(bench) {
      const queue = bench.queue();
      const reports: BusReport[] = [];
      const bus = await bench.connect({ onReport: (report) => void reports.push(report) });
      const seen = new Recorder();
      const work = seen.handler(() => {
        throw new Error("always");
      });
      await bus.work(queue, { retry: { maxAttempts: 2, delay: valid } }, work);
      const sent = await bus.send(queue, { n: 1 }, { expiresIn: valid });
      await bench.eventually(
        "its end, or a second attempt",
        () => ({ attempts: seen.began.length, dropped: droppedIn(reports).length }),
        ({ attempts, dropped }) => attempts > 1 || dropped > 0,
        valid + bench.boundMs,
      );
      await bench.drained(bus.inbox(queue));
      sameNumbers(seen.numbers, [1], "attempts");
      checkDropped(reports, sent.id);
      assert.deepEqual(await lettersIn(bus.inbox(queue)), [], "dead letters");
    },
  },
});

function checkDropped(reports: readonly BusReport[], id: string): void {
  const dropped = droppedIn(reports);
  assert.deepEqual(
    dropped.map(({ error }) => error?.code),
    ["EXPIRED"],
  );
  assert.match(dropped[0]?.error?.message ?? "", new RegExp(id), "the report names the message");
}

function droppedIn(reports: readonly BusReport[]): readonly BusReport[] {
  return reports.filter(({ kind }) => kind === "dropped");
}
