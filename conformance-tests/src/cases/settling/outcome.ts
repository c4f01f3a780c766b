import assert from "node:assert/strict";
import { type Case, casesOf } from "../../case.ts";
import { range, sameNumbers } from "../../expect.ts";
import { always } from "../../owed.ts";
import { Recorder } from "../../recorder.ts";

const acked: readonly Case[] = casesOf("ACK-1", {
  "": {
    shows: "what was handled is not delivered again, also not to the next member",
    owed: always,
    async run(bench) {
      const queue = bench.queue();
      const first = await bench.connect();
      const seen = new Recorder();
      await first.work(queue, {}, seen.handler());
      await first.publishMany(
        queue,
        range(0, 50).map((n) => ({ n })),
      );
      await bench.eventually(
        "50 messages",
        () => seen.done.length,
        (count) => count >= 50,
      );
      await bench.drained(first.inbox(queue));
      await first.close();
      const second = await bench.connect();
      await second.work(queue, {}, seen.handler());
      await second.send(queue, { n: 50 });
      await bench.eventually(
        "the marker",
        () => seen.done,
        (done) => done.includes(50),
      );
      await bench.drained(second.inbox(queue));
      sameNumbers(seen.numbers, range(0, 51), "handled by both members");
    },
  },
  close: {
    shows: "what was handled right before a close is settled by it",
    owed: always,
    async run(bench) {
      const queue = bench.queue();
      const first = await bench.connect();
      const seen = new Recorder();
      const handled = Promise.withResolvers<void>();
      const work = seen.handler(() => void (seen.began.length === 30 && handled.resolve()));
      await first.work(queue, { concurrency: 30 }, work);
      await first.publishMany(
        queue,
        range(0, 30).map((n) => ({ n })),
      );
      await handled.promise;
      await first.close();
      const second = await bench.connect();
      await second.work(queue, {}, seen.handler());
      await second.send(queue, { n: 30 });
      await bench.eventually(
        "the marker",
        () => seen.done,
        (done) => done.includes(30),
      );
      await bench.drained(second.inbox(queue));
      sameNumbers(seen.numbers, range(0, 31), "handled by both members");
    },
  },
});

const failed: readonly Case[] = casesOf("ACK-5", {
  "": {
    shows: "a handler that throws, rejects or times out has each time failed one attempt",
    owed: always,
    async run(bench) {
      const queue = bench.queue();
      const bus = await bench.connect();
      const seen = new Recorder();
      let aborted: unknown;
      const ways = [
        () => {
          throw new Error("thrown");
        },
        () => Promise.reject(new Error("rejected")),
        ({ signal }: { readonly signal: AbortSignal }) =>
          new Promise((resolve) => {
            signal.addEventListener("abort", () => resolve((aborted = signal.reason)));
          }),
        () => undefined,
      ] as const;
      const options = { timeout: 200, retry: { maxAttempts: 4, delay: 0 } };
      await bus.work(
        queue,
        options,
        seen.handler((message) => ways[seen.began.length - 1]?.(message)),
      );
      await bus.send(queue, { n: 1 });
      await bench.eventually(
        "four attempts",
        () => seen.began.length,
        (count) => count >= 4,
      );
      await bench.drained(bus.inbox(queue));
      assert.deepEqual(
        seen.began.map(({ attempt }) => attempt),
        [1, 2, 3, 4],
        "attempts",
      );
      assert.match(String(aborted), /TIMEOUT|took over 200 ms/, "why the signal fired");
      assert.equal((await bus.inbox(queue).stats()).dead ?? 0, 0, "dead letters");
    },
  },
});

/** ACK-1, ACK-5 */
export const outcome: readonly Case[] = [...acked, ...failed];
