import assert from "node:assert/strict";
import { type Case, casesOf } from "../../case.ts";
import { sameNumbers } from "../../expect.ts";
import { delay, every, topics } from "../../owed.ts";
import { Recorder } from "../../recorder.ts";

const late = 2_000;

/** DLY-1 */
export const delayed: readonly Case[] = casesOf("DLY-1", {
  "": {
    shows:
      "a delayed message comes to each group, never early and at most two seconds late, and is overtaken meanwhile",
    owed: every(topics, delay),
    on: "topic",
    async run(bench) {
      const topic = bench.topic();
      const bus = await bench.connect();
      const groups = [new Recorder(), new Recorder()];
      for (const [index, seen] of groups.entries()) await bus.subscribe(topic, { group: `g${index}` }, seen.handler());
      const dueAt = Date.now() + 700;
      const [relative] = await Promise.all([
        bus.publish(topic, { n: 1 }, { delay: 400 }),
        bus.publish(topic, { n: 2 }, { deliverAt: new Date(dueAt) }),
        bus.publish(topic, { n: 3 }),
        bus.publish(topic, { n: 4 }, { deliverAt: Date.now() - 60_000 }),
      ]);
      for (const [index, seen] of groups.entries()) {
        await bench.eventually(
          "four messages",
          () => seen.numbers.length,
          (count) => count >= 4,
        );
        await bench.drained(bus.inbox(topic, `g${index}`));
        sameNumbers(seen.numbers, [1, 2, 3, 4], "delivered");
        assert.deepEqual(seen.numbers.slice(2), [1, 2], "the delayed ones come last");
        for (const [n, due] of [
          [1, relative.timestamp + 400],
          [2, dueAt],
        ] as const) {
          const at = seen.of(n)[0]?.beganAt ?? 0;
          assert(at >= due - 1 && at < due + late, `message ${n} came ${at - due} ms after it was due`);
        }
      }
    },
  },
});
