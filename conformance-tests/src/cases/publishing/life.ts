import assert from "node:assert/strict";
import { type Case, casesOf } from "../../case.ts";
import { gate, late, range, rejection, sameNumbers } from "../../expect.ts";
import { always } from "../../owed.ts";
import { Recorder } from "../../recorder.ts";
import { stalls, swallowsReplies } from "../../shims.ts";

const closed: readonly Case[] = casesOf("PUB-6", {
  closed: {
    shows: "publishing after close rejects CLOSED, and nothing is sent",
    owed: always,
    async run(bench) {
      const queue = bench.queue();
      const bus = await bench.connect();
      await bus.send(queue, { n: 1 });
      await bus.close();
      await rejection(() => bus.send(queue, { n: 2 }), "CLOSED");
      const seen = new Recorder();
      const worker = await bench.connect();
      await worker.work(queue, {}, seen.handler());
      await bench.eventually(
        "the first message",
        () => seen.numbers.length,
        (count) => count >= 1,
      );
      await bench.drained(worker.inbox(queue));
      sameNumbers(seen.numbers, [1], "delivered");
    },
  },
  "under-way": {
    shows: "publishes under way when close is called settle, and what resolved is there",
    owed: always,
    async run(bench) {
      const queue = bench.queue();
      const bus = await bench.connect();
      const sends = range(0, 300).map((n) => bus.send(queue, { n }));
      const closing = bench.later(bus.close());
      const settled = await Promise.allSettled(sends);
      await closing;
      const resolved = range(0, 300).filter((n) => settled[n]?.status === "fulfilled");
      assert.equal(resolved.length, 300, "all had been called before close");
      const seen = new Recorder();
      const worker = await bench.connect();
      await worker.work(queue, {}, seen.handler());
      await bench.eventually(
        "all of them",
        () => seen.numbers.length,
        (count) => count >= 300,
      );
      sameNumbers(seen.numbers, resolved, "delivered");
    },
  },
});

const busy: readonly Case[] = casesOf("PUB-9", {
  "": {
    shows: "beyond its bytes a bus refuses with BUSY, publishMany waits instead, and nothing that was taken is lost",
    owed: always,
    async run(bench) {
      const [queue, { opened, open }] = [bench.queue(), gate()];
      const bus = await bench.connect({ maxBufferedBytes: 100_000, shim: stalls(opened) });
      const text = "x".repeat(10_000);
      const many = Promise.allSettled(range(0, 30).map((n) => bus.send(queue, { n, text })));
      const refused = await bench.eventually(
        "a refusal",
        () => bus.send(queue, { n: -1, text }).then(undefined, (error: unknown) => error),
        (error) => error !== undefined,
      );
      await rejection(() => Promise.reject(refused as Error), "BUSY");
      const waiting = bench.later(
        bus.publishMany(
          queue,
          range(30, 60).map((n) => ({ n, text })),
        ),
      );
      open();
      const first = await many;
      const taken = range(0, 30).filter((n) => first[n]?.status === "fulfilled");
      assert(taken.length > 0 && taken.length < 15, `${taken.length} of 30 were taken`);
      const later = (await waiting).flatMap(({ outcome }, index) => (outcome === "stored" ? [30 + index] : []));
      const seen = new Recorder();
      await bus.work(queue, {}, seen.handler());
      const all = [...taken, ...later];
      await bench.eventually(
        "all that was taken",
        () => seen.numbers.length,
        (count) => count >= all.length,
      );
      await bench.drained(bus.inbox(queue));
      sameNumbers(seen.numbers, all, "delivered");
    },
  },
});

const bounded: readonly Case[] = casesOf("PUB-11", {
  deadline: {
    shows: "a publish that is never answered settles at its deadline, and others go on",
    owed: always,
    async run(bench) {
      const queue = bench.queue();
      const [deaf, bus] = [await bench.connect({ shim: swallowsReplies }), await bench.connect()];
      // Else the deadline may come while the queue is being made.
      for (const one of [deaf, bus]) await one.inbox(queue).stats();
      const began = performance.now();
      const pending = bench.later(rejection(() => deaf.send(queue, { n: 1 }, { timeout: 300 }), "OUTCOME_UNKNOWN"));
      const other = bench.later(bus.send(queue, { n: 2 }));
      await pending;
      const took = performance.now() - began;
      assert(took >= 299 && took < 300 + late, `a deadline of 300 ms was kept after ${Math.round(took)} ms`);
      await other;
    },
  },
  signal: {
    shows: "a signal settles a publish at once: ABORTED before it is sent, OUTCOME_UNKNOWN when it may be stored",
    owed: always,
    async run(bench) {
      const queue = bench.queue();
      const bus = await bench.connect({ shim: swallowsReplies });
      await rejection(() => bus.send(queue, { n: 1 }, { signal: AbortSignal.abort() }), "ABORTED");
      const controller = new AbortController();
      const pending = bench.later(bus.send(queue, { n: 2 }, { signal: controller.signal }));
      const worker = await bench.connect();
      const seen = new Recorder();
      await worker.work(queue, {}, seen.handler());
      await bench.eventually(
        "it is stored",
        () => seen.numbers,
        (numbers) => numbers.length > 0,
      );
      controller.abort();
      await rejection(() => pending, "OUTCOME_UNKNOWN");
      await bench.drained(worker.inbox(queue));
      sameNumbers(seen.numbers, [2], "delivered");
    },
  },
});

/** PUB-6, PUB-9, PUB-11 */
export const life: readonly Case[] = [...closed, ...busy, ...bounded];
