import assert from "node:assert/strict";
import type { Bench } from "../../bench.ts";
import { type Case, casesOf } from "../../case.ts";
import { range } from "../../expect.ts";
import { outlineOf } from "../../item.ts";
import { every, kills, order } from "../../owed.ts";
import { Recorder } from "../../recorder.ts";

const cron = "* * * * * *";

/** DLY-3 */
export const schedules: readonly Case[] = casesOf("DLY-3", {
  "": {
    shows:
      "members miss no tick and send each once, under its id, though one dies with a tick in hand and another later",
    owed: every(order, kills),
    on: "ordered queue",
    async run(bench) {
      const queue = bench.queue();
      const of = outlineOf(queue);
      const [seen, bus] = [new Recorder(), await bench.connect()];
      await bus.work(queue, {}, seen.handler());
      const dying = await bench.member({ of, cron, act: "exit" });
      const firstBy = Math.floor(Date.now() / 1_000) + 1;
      await bench.eventually(
        "it has a tick in hand",
        () => dying.alive,
        (alive) => !alive,
        bench.leaseBoundMs + 2_000,
      );
      const [second] = await Promise.all([bench.member({ of, cron }), bench.member({ of, cron })]);
      await comes(bench, seen, 2);
      await second.kill();
      const killedAt = Date.now();
      for (const _ of range(0, 3)) await comesAnew(bench, seen);
      await bus.close();
      checkTicks(seen, queue.name, firstBy);
      // One that dies takes the knowledge of what it has just sent with it, however much was due; later ticks it cannot have sent.
      const later = seen.numbers.filter((n) => n * 1_000 > killedAt);
      assert.equal(new Set(later).size, later.length, `some came too often: ${seen.numbers.join(" ")}`);
    },
  },
  missed: {
    shows: "the ticks of a time when no member ran come once there is one, each once and none early",
    owed: order,
    on: "ordered queue",
    async run(bench) {
      const queue = bench.queue();
      const seen = new Recorder();
      const options = { cron, to: queue, data: (tick: Date) => ({ n: tick.getTime() / 1_000 }) };
      const first = await bench.connect();
      await first.work(queue, {}, seen.handler());
      await first.schedule(queue.name, options);
      const firstBy = Math.floor(Date.now() / 1_000) + 1;
      await comes(bench, seen, 1);
      await first.close();
      const before = seen.numbers.length;
      await bench.eventually("two seconds pass", Date.now, (now) => now >= (firstBy + before + 2) * 1_000, 5_000);
      const next = await bench.connect();
      await next.work(queue, {}, seen.handler());
      await next.schedule(queue.name, options);
      await comes(bench, seen, before + 2);
      await next.close();
      checkTicks(seen, queue.name, firstBy);
      assert.equal(new Set(seen.numbers).size, seen.numbers.length, "each comes once");
    },
  },
  listed: {
    shows: "every member lists every schedule as it was last defined, until it is unscheduled",
    owed: order,
    on: "ordered queue",
    async run(bench) {
      const queue = bench.queue();
      const [one, other] = [await bench.connect(), await bench.connect()];
      const define = (hour: number) => ({
        cron: `0 ${hour} * * *`,
        zone: "Europe/Berlin",
        to: queue,
        data: { n: hour },
      });
      await one.schedule("early", define(3));
      await other.schedule("late", define(22));
      await other.schedule("early", define(4));
      await one.close();
      const listed = await other.schedules();
      assert.deepEqual(
        listed.map(({ name, zone, target, ...rest }) => [name, rest.cron, zone, target.name]),
        [
          ["early", "0 4 * * *", "Europe/Berlin", queue.name],
          ["late", "0 22 * * *", "Europe/Berlin", queue.name],
        ],
      );
      await other.unschedule("early");
      await other.unschedule("late");
      assert.deepEqual(await other.schedules(), [], "once unscheduled");
    },
  },
});

/** Waits for so many different ticks, each within its second and the time another needs to notice that a member is dead. */
async function comes(bench: Bench, seen: Recorder, count: number): Promise<void> {
  for (const so of range(1, count + 1)) {
    await bench.eventually(
      `${so} ticks`,
      () => new Set(seen.numbers).size,
      (many) => many >= so,
      bench.leaseBoundMs + 2_000,
    );
  }
}

/** Waits for a tick of the time to come: what was due until now may be sent in one go, with nothing written down in between. */
async function comesAnew(bench: Bench, seen: Recorder): Promise<void> {
  const since = Date.now();
  await bench.eventually(
    "a new tick",
    () => seen.numbers.at(-1) ?? 0,
    (n) => n * 1_000 > since,
    bench.leaseBoundMs + 2_000,
  );
}

function checkTicks(seen: Recorder, name: string, firstBy: number): void {
  const ticks = [...new Set(seen.numbers)].toSorted((one, other) => one - other);
  const [first = Infinity] = ticks;
  assert(first <= firstBy, `the first tick was missed: ${first} instead of ${firstBy}`);
  assert.deepEqual(ticks, range(first, first + ticks.length), "every second");
  for (const { n, id, beganAt } of seen.began) {
    assert.equal(id, `${name}@${new Date(n * 1_000).toISOString()}`, "its id");
    assert(beganAt >= n * 1_000 - 1, `${id} came early`);
  }
}
