import assert from "node:assert/strict";
import { type Case, casesOf } from "../../case.ts";
import { range, sameNumbers } from "../../expect.ts";
import { lettersIn, numberOf } from "../../letters.ts";
import { always } from "../../owed.ts";
import { Recorder } from "../../recorder.ts";
import { buried } from "./walking.ts";

/** DLQ-6 */
export const interrupted: readonly Case[] = casesOf("DLQ-6", {
  interrupted: {
    shows:
      "a redrive that breaks off half-way loses nothing: what it had given back is handled once, the rest is still there",
    owed: always,
    async run(bench) {
      const { queue, inbox } = await buried(bench, 12);
      const breaking = inbox.deadLetters.redrive((letter) => {
        if (numberOf(letter) === 6) throw new Error("broken off");
        return true;
      });
      await assert.rejects(breaking, /broken off/);
      const other = await bench.connect();
      const seen = new Recorder();
      await other.work(queue, {}, seen.handler());
      await bench.eventually(
        "six handled",
        () => seen.done.length,
        (count) => count >= 6,
      );
      await bench.drained(inbox);
      sameNumbers(seen.numbers, range(0, 6), "given back");
      assert.deepEqual((await lettersIn(inbox)).map(numberOf), range(6, 12), "still there");
      assert.equal(await inbox.deadLetters.redrive("all"), 6, "redriven at last");
      await bench.eventually(
        "all handled",
        () => seen.done.length,
        (count) => count >= 12,
      );
      await bench.drained(inbox);
      sameNumbers(seen.numbers, range(0, 12), "handled");
    },
  },
});
