import assert from "node:assert/strict";
import { type Case, casesOf } from "../../case.ts";
import { range, sameNumbers, unique } from "../../expect.ts";
import { outlineOf } from "../../item.ts";
import type { Member } from "../../members/member.ts";
import { lettersIn, numberOf } from "../../letters.ts";
import { every, kills, where } from "../../owed.ts";

/** How often a supervisor starts the member again before the suite gives up: core convicts after ten deaths. */
const lives = 14;

const owed = every(
  kills,
  where("a lease up to 5 s", ({ leaseMs }) => leaseMs <= 5_000),
);

/** DLQ-4 */
export const crashing: readonly Case[] = casesOf("DLQ-4", {
  "": {
    shows: "a message that kills its process ends among the dead letters, and its neighbours are handled",
    owed,
    async run(bench) {
      const queue = bench.queue();
      const bus = await bench.connect();
      await bus.publishMany(
        queue,
        range(0, 8).map((n) => (n === 3 ? { n, act: "exit" } : { n, act: "slow" })),
      );
      const inbox = bus.inbox(queue);
      const dead = async (): Promise<number> => (await inbox.stats()).dead ?? 0;
      const members: Member[] = [];
      while (members.length < lives && (await dead()) === 0) {
        const member = await bench.member({ of: outlineOf(queue), concurrency: 4 });
        members.push(member);
        const over = async (): Promise<boolean> => !member.alive || (await dead()) > 0;
        await bench.eventually("it dies, or the culprit is convicted", over, (is) => is, bench.leaseBoundMs);
      }
      await bench.drained(inbox);
      const letters = await lettersIn(inbox);
      assert.deepEqual(
        letters.map(({ data, reason }) => [numberOf({ data }), reason]),
        [[3, "crashed"]],
      );
      const done = new Set(members.flatMap((member) => member.done));
      sameNumbers(
        [...done],
        range(0, 8).filter((n) => n !== 3),
        "neighbours handled",
      );
    },
  },
  crowd: {
    shows: "of many that were together in the hands of members that died none is set aside",
    owed,
    async run(bench) {
      const queue = bench.queue();
      const bus = await bench.connect();
      const all = range(0, 40);
      await bus.publishMany(
        queue,
        all.map((n) => ({ n })),
      );
      for (const death of range(1, 4)) {
        const member = await bench.member({ of: outlineOf(queue), concurrency: all.length, act: "wait" });
        // What a member died with may be handled one by one from then on.
        const least = death === 1 ? all.length : 1;
        await bench.eventually(
          `they are in the hands of the one that dies, for the ${death}. time`,
          () => member.began.length,
          (count) => count >= least,
          bench.leaseBoundMs,
        );
        await member.kill();
      }
      const heirs = [await bench.member({ of: outlineOf(queue), concurrency: all.length })];
      heirs.push(await bench.member({ of: outlineOf(queue), concurrency: all.length }));
      const inbox = bus.inbox(queue);
      await bench.drained(inbox, bench.leaseBoundMs * 2);
      assert.deepEqual((await lettersIn(inbox)).map(numberOf), [], "dead");
      sameNumbers(unique(heirs.flatMap(({ done }) => done)), all, "handled");
    },
  },
});
