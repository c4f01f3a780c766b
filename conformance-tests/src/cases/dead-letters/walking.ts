import assert from "node:assert/strict";
import type { Bus, InboxHandle, Queue } from "@waybill/core";
import type { Bench } from "../../bench.ts";
import { type Case, casesOf } from "../../case.ts";
import { range } from "../../expect.ts";
import type { Item } from "../../item.ts";
import { lettersIn, numberOf } from "../../letters.ts";
import { always } from "../../owed.ts";

/** DLQ-5 */
export const walking: readonly Case[] = casesOf("DLQ-5", {
  list: {
    shows: "listing, in whole or in part, takes nothing away, however often, and is oldest first",
    owed: always,
    async run(bench) {
      const { bus, queue, inbox } = await buried(bench, 12);
      for (const time of range(0, 25)) {
        assert.deepEqual(await listed(inbox), range(0, 12), `list number ${time + 1}`);
        for await (const letter of inbox.deadLetters.list()) if (numberOf(letter) === 3) break;
      }
      const again = await bench.connect();
      assert.deepEqual(await listed(again.inbox(queue)), range(0, 12), "by another connection");
      assert.equal((await bus.inbox(queue).stats()).dead, 12, "dead");
    },
  },
  "side-by-side": {
    shows: "two who list at once both see all",
    owed: always,
    async run(bench) {
      const { queue, inbox } = await buried(bench, 12);
      const other = (await bench.connect()).inbox(queue);
      const lists = await Promise.all([listed(inbox), listed(other), listed(inbox)]);
      for (const list of lists) assert.deepEqual(list, range(0, 12));
      assert.deepEqual(await listed(inbox), range(0, 12), "afterwards");
    },
  },
  discard: {
    shows: "discard removes exactly what was named, and tells how many",
    owed: always,
    async run(bench) {
      const { inbox } = await buried(bench, 10);
      const letters = await lettersIn(inbox);
      const ids = letters.filter((letter) => [2, 5].includes(numberOf(letter))).map(({ id }) => id);
      assert.equal(await inbox.deadLetters.discard([...ids, "nobody's id"]), 2, "discarded by id");
      assert.deepEqual(await listed(inbox), [0, 1, 3, 4, 6, 7, 8, 9], "left");
      assert.equal(await inbox.deadLetters.discard((letter) => numberOf(letter) > 7), 2, "discarded by function");
      assert.deepEqual(await listed(inbox), [0, 1, 3, 4, 6, 7], "left");
      assert.equal(await inbox.deadLetters.discard("all"), 6, "discarded at last");
      assert.deepEqual(await listed(inbox), [], "left");
      const { dead } = await inbox.stats();
      assert.equal(dead ?? 0, 0, "dead");
    },
  },
  signal: {
    shows: "a signal ends a walk; what was decided before stays decided",
    owed: always,
    async run(bench) {
      const { inbox } = await buried(bench, 6);
      const controller = new AbortController();
      let count = 0;
      const discarding = inbox.deadLetters.discard(
        () => {
          count += 1;
          if (count === 3) controller.abort();
          return count < 3;
        },
        { signal: controller.signal },
      );
      await assert.rejects(discarding, { name: "AbortError" });
      assert.deepEqual(await listed(inbox), [2, 3, 4, 5], "left");
    },
  },
});

/** Dead letters numbered from 0, in that order, in a queue with a worker that fails whatever it is told to. */
export async function buried(
  bench: Bench,
  count: number,
): Promise<{ readonly bus: Bus; readonly queue: Queue<Item>; readonly inbox: InboxHandle }> {
  const queue = bench.queue();
  const bus = await bench.connect();
  const consumer = await bus.work(queue, { concurrency: 1, retry: { maxAttempts: 1 } }, () => {
    throw new Error("dies at once");
  });
  const inbox = bus.inbox(queue);
  for (const n of range(0, count)) {
    await bus.send(queue, { n });
    await bench.eventually(
      `dead letter ${n}`,
      () => inbox.stats(),
      ({ dead }) => (dead ?? 0) > n,
    );
  }
  await consumer.close();
  return { bus, queue, inbox };
}

async function listed(inbox: InboxHandle): Promise<readonly number[]> {
  return (await lettersIn(inbox)).map(numberOf);
}
