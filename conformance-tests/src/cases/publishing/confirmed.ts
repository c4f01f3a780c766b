import assert from "node:assert/strict";
import { type Case, casesOf } from "../../case.ts";
import { range, sameNumbers } from "../../expect.ts";
import { outlineOf } from "../../item.ts";
import { always, every, kills, where } from "../../owed.ts";
import { Recorder } from "../../recorder.ts";

/** PUB-1 */
export const confirmed: readonly Case[] = casesOf("PUB-1", {
  stored: {
    shows: "when send resolves, another connection sees the message at once",
    owed: where("an exact depth", ({ depth }) => depth === "exact"),
    async run(bench) {
      const queue = bench.queue();
      const [sender, looker] = [await bench.connect(), await bench.connect()];
      for (const n of range(1, 6)) {
        await sender.send(queue, { n });
        const { ready } = await looker.inbox(queue).stats();
        assert.equal(ready, n, `ready right after send ${n} resolved`);
      }
    },
  },
  outlives: {
    shows: "what was confirmed outlives the death of the one who published it",
    owed: every(always, kills),
    async run(bench) {
      const [queue, of] = [bench.queue(), bench.queue()];
      const member = await bench.member({ of: outlineOf(of) });
      await Promise.all(range(1, 21).map((n) => member.publish(outlineOf(queue), { n })));
      await member.kill();
      const seen = new Recorder();
      await (await bench.connect()).work(queue, {}, seen.handler());
      await bench.eventually(
        "20 messages",
        () => seen.numbers.length,
        (count) => count >= 20,
      );
      sameNumbers(seen.numbers, range(1, 21), "messages of a dead publisher");
    },
  },
});
