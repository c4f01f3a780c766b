import assert from "node:assert/strict";
import { type Case, casesOf } from "../../case.ts";
import { range, rejection, sameNumbers } from "../../expect.ts";
import type { Item } from "../../item.ts";
import { always } from "../../owed.ts";
import { Recorder } from "../../recorder.ts";
import { losesReplies, refusesSome } from "../../shims.ts";

const unknown: readonly Case[] = casesOf("PUB-2", {
  again: {
    shows: "a lost reply is answered by sending again under the same id",
    owed: always,
    async run(bench) {
      const queue = bench.queue();
      const bus = await bench.connect({ shim: losesReplies(1) });
      const { id } = await bus.send(queue, { n: 1 });
      await bus.send(queue, { n: 2 });
      const seen = new Recorder();
      const worker = await bench.connect();
      await worker.work(queue, { concurrency: 1 }, seen.handler());
      await bench.eventually(
        "the second message",
        () => seen.numbers,
        (numbers) => numbers.includes(2),
      );
      await bench.drained(worker.inbox(queue));
      const ids = new Set(seen.of(1).map((handling) => handling.id));
      assert.deepEqual([...ids], [id], "ids under which the first message arrived");
      assert.equal(seen.of(2).length, 1, "copies of a message whose reply was not lost");
    },
  },
  sticky: {
    shows: "a refusal after a lost reply still rejects OUTCOME_UNKNOWN, for it was stored",
    owed: always,
    async run(bench) {
      const queue = bench.queue();
      const bus = await bench.connect({ shim: losesReplies(1, true) });
      await rejection(() => bus.send(queue, { n: 1 }), "OUTCOME_UNKNOWN");
      const refusal = await rejection(() => bus.send(queue, { n: 2 }), "FULL");
      assert.match(refusal.message, /refused by the suite/);
      const seen = new Recorder();
      const worker = await bench.connect();
      await worker.send(queue, { n: 3 });
      await worker.work(queue, {}, seen.handler());
      await bench.eventually(
        "the third message",
        () => seen.numbers,
        (numbers) => numbers.includes(3),
      );
      await bench.drained(worker.inbox(queue));
      sameNumbers(seen.numbers, [1, 3], "delivered, of one unknown, one refused and one stored");
    },
  },
});

const many: readonly Case[] = casesOf("PUB-3", {
  "": {
    shows: "publishMany gives each message's own result, and delivers exactly those it calls stored",
    owed: always,
    async run(bench) {
      const queue = bench.queue();
      const bus = await bench.connect();
      const items = range(0, 200).map((n): Item => ({ n: n % 10 === 3 ? ("no number" as never) : n }));
      const results = await bus.publishMany(queue, items);
      assert.equal(results.length, items.length, "results");
      const valid = range(0, 200).filter((n) => n % 10 !== 3);
      sameNumbers(stored(results), valid, "called stored");
      const seen = new Recorder();
      await bus.work(queue, {}, seen.handler());
      await bench.eventually(
        "all that is valid",
        () => seen.numbers.length,
        (count) => count >= valid.length,
      );
      await bench.drained(bus.inbox(queue));
      sameNumbers(seen.numbers, valid, "delivered");
    },
  },
  partial: {
    shows: "where the broker refuses some of a batch, exactly those are named",
    owed: always,
    async run(bench) {
      const queue = bench.queue();
      const bus = await bench.connect({ shim: refusesSome });
      const results = await Promise.allSettled(
        range(0, 60).map((n) => bus.send(queue, { n }, n % 7 === 0 ? { headers: { refuse: "" } } : {})),
      );
      const wanted = range(0, 60).filter((n) => n % 7 !== 0);
      const resolved = range(0, 60).filter((n) => results[n]?.status === "fulfilled");
      sameNumbers(resolved, wanted, "resolved");
      const seen = new Recorder();
      await bus.work(queue, {}, seen.handler());
      await bench.eventually(
        "all that was taken",
        () => seen.numbers.length,
        (count) => count >= wanted.length,
      );
      await bench.drained(bus.inbox(queue));
      sameNumbers(seen.numbers, wanted, "delivered");
    },
  },
});

/** PUB-2, PUB-3 */
export const outcomes: readonly Case[] = [...unknown, ...many];

function stored(results: readonly { readonly outcome: string }[]): readonly number[] {
  return results.flatMap(({ outcome }, index) => (outcome === "stored" ? [index] : []));
}
