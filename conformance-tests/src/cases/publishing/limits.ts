import assert from "node:assert/strict";
import { type Case, casesOf } from "../../case.ts";
import { range, rejection, sameNumbers } from "../../expect.ts";
import { always } from "../../owed.ts";
import { Recorder } from "../../recorder.ts";
import { largestText, longestHeader, testable } from "../../sizes.ts";

const size: readonly Case[] = casesOf("PUB-5", {
  body: {
    shows: "a body of exactly maxBytes arrives, one byte more is refused, the rest of its batch arrives",
    owed: testable,
    async run(bench) {
      const queue = bench.queue();
      const bus = await bench.connect();
      const seen = new Recorder();
      await bus.work(queue, {}, seen.handler());
      const text = await largestText(bench, queue.name);
      const over = bench.later(bus.send(queue, { n: 2, text: `${text}x` }));
      const rest = bench.later(Promise.all([bus.send(queue, { n: 1, text: "" }), bus.send(queue, { n: 3, text })]));
      await rejection(() => over, "TOO_LARGE");
      await rest;
      await bench.eventually(
        "two messages",
        () => seen.numbers.length,
        (count) => count >= 2,
      );
      await bench.drained(bus.inbox(queue));
      sameNumbers(seen.numbers, [1, 3], "delivered");
      assert.equal(seen.of(3)[0]?.text?.length, text.length, "the length of what just fits");
    },
  },
  headers: {
    shows: "headers of exactly maxHeaderBytes arrive, one byte more is refused",
    owed: testable,
    async run(bench) {
      const queue = bench.queue();
      const bus = await bench.connect();
      const seen = new Recorder();
      await bus.work(queue, {}, seen.handler());
      const long = longestHeader(bench, "long");
      await rejection(() => bus.send(queue, { n: 1 }, { headers: { long: `${long}x` } }), "TOO_LARGE");
      await bus.send(queue, { n: 2 }, { headers: { long } });
      await bench.eventually(
        "a message",
        () => seen.numbers.length,
        (count) => count >= 1,
      );
      await bench.drained(bus.inbox(queue));
      sameNumbers(seen.numbers, [2], "delivered");
      assert.equal(seen.began[0]?.headers["long"], long);
    },
  },
});

const invalid: readonly Case[] = casesOf("PUB-10", {
  "": {
    shows: "data that does not match is refused naming the path, and nothing is sent",
    owed: always,
    async run(bench) {
      const queue = bench.queue();
      const bus = await bench.connect();
      const error = await rejection(() => bus.send(queue, { n: "secret" as never }), "INVALID_DATA");
      assert.match(error.message, /\bn: expected a number/);
      await bus.send(queue, { n: 1 });
      const seen = new Recorder();
      await bus.work(queue, {}, seen.handler());
      await bench.eventually(
        "what is valid",
        () => seen.numbers.length,
        (count) => count >= 1,
      );
      await bench.drained(bus.inbox(queue));
      sameNumbers(seen.numbers, range(1, 2), "delivered");
      const { dead } = await bus.inbox(queue).stats();
      assert.equal(dead ?? 0, 0, "dead letters");
    },
  },
});

/** PUB-5, PUB-10 */
export const limits: readonly Case[] = [...size, ...invalid];
