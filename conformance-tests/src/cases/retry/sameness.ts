import assert from "node:assert/strict";
import { type Case, casesOf } from "../../case.ts";
import { always } from "../../owed.ts";
import { Recorder } from "../../recorder.ts";

/** RTY-5 */
export const sameness: readonly Case[] = casesOf("RTY-5", {
  "": {
    shows: "id, key, headers, time, correlation and body are the same on every attempt",
    owed: always,
    async run(bench) {
      const queue = bench.queue({ keyed: true });
      const bus = await bench.connect();
      const seen = new Recorder();
      const work = seen.handler(({ attempt }) => {
        if (attempt < 3) throw new Error("again");
      });
      await bus.work(queue, { retry: { delay: 30 } }, work);
      const sent = await bus.send(
        queue,
        { n: 1, key: "k 🔑", text: "the same \u0000 each time" },
        { headers: { "X-One": "1", ünï: "ço\ndé", empty: "" }, correlationId: "c-1" },
      );
      await bench.eventually(
        "the third attempt",
        () => seen.done.length,
        (count) => count >= 1,
      );
      assert.deepEqual(
        seen.began.map(({ attempt }) => attempt),
        [1, 2, 3],
        "attempts",
      );
      const expected = { ...sent, headers: { ...sent.headers }, n: 1, text: "the same \u0000 each time" };
      for (const { attempt, beganAt: _, ...rest } of seen.began) assert.deepEqual(rest, expected, `attempt ${attempt}`);
    },
  },
});
