import assert from "node:assert/strict";
import type { Bus, Queue } from "@waybill/core";
import type { Bench } from "../../bench.ts";
import { type Case, casesOf } from "../../case.ts";
import { gate, range, sameNumbers, unique } from "../../expect.ts";
import type { Item } from "../../item.ts";
import { always, every, order, where } from "../../owed.ts";
import { Recorder } from "../../recorder.ts";

const keyCount = 16;

const shares: readonly Case[] = casesOf("SUB-12", {
  "": {
    shows: "a member that joins in the middle of a backlog gets its share of what is left",
    owed: always,
    run: (bench) => sharesBacklog(bench, bench.queue()),
  },
  ordered: {
    shows: "so also on an ordered queue, where the members share the keys",
    owed: order,
    on: "ordered queue",
    run: (bench) => sharesKeys(bench, bench.queue({ ordered: true })),
  },
});

const waits = where("a hand-over that waits for handlers", ({ handoverMs }) => handoverMs > 0);

const handsOver: readonly Case[] = casesOf("SUB-13", {
  "": {
    shows: "while members join and leave in peace, each message is handled once",
    owed: waits,
    run: (bench) => comesAndGoes(bench, bench.queue()),
  },
  ordered: {
    shows: "so also on an ordered queue",
    owed: every(order, waits),
    on: "ordered queue",
    run: (bench) => comesAndGoes(bench, bench.queue({ ordered: true })),
  },
});

/** SUB-12, SUB-13 */
export const sharing: readonly Case[] = [...shares, ...handsOver];

/** A member of a group that writes down what it handles, and takes its time. */
class Worker {
  readonly seen: Recorder = new Recorder();
  readonly bus: Bus;

  private constructor(bus: Bus) {
    this.bus = bus;
  }

  static async join(bench: Bench, queue: Queue<Item>, work: (n: number) => unknown = () => undefined): Promise<Worker> {
    const worker = new Worker(await bench.connect());
    const handler = worker.seen.handler(async ({ data }) => {
      await work(data.n);
      await new Promise((resolve) => void setTimeout(resolve, 5));
    });
    await worker.bus.work(queue, { concurrency: 2 }, handler);
    return worker;
  }
}

async function publish(bench: Bench, queue: Queue<Item>, count: number): Promise<void> {
  const bus = await bench.connect();
  await bus.publishMany(queue, range(0, count).map(keyed));
}

function keyed(n: number): Item {
  return { n, key: `k${n % keyCount}` };
}

/**
 * The one that joins gets at least a fifth of what the first has not got when it comes. The first waits half-way until it has something,
 * so that how long a group takes to share anew does not count.
 */
async function sharesBacklog(bench: Bench, queue: Queue<Item>): Promise<void> {
  const { opened, open } = gate();
  await publish(bench, queue, 300);
  let begun = 0;
  const first = await Worker.join(bench, queue, () => ((begun += 1) > 40 ? opened : undefined));
  await bench.eventually(
    "the first is at work",
    () => begun,
    (count) => count > 40,
  );
  const second = await Worker.join(bench, queue);
  await bench.eventually(
    "the one that joined has something",
    () => second.seen.began.length,
    (count) => count > 0,
  );
  open();
  await allHandled(bench, [first, second], 300);
  const share = second.seen.done.length;
  assert(share >= 50, `the one that joined has handled ${share} of the last 260`);
}

/**
 * The one that joins gets at least a fifth of what is handled. Keys may belong to whoever has some of them, so nobody can wait for it:
 * there is more of each key until it has its share, and how long it takes to get there counts only towards the bound.
 */
async function sharesKeys(bench: Bench, queue: Queue<Item>): Promise<void> {
  const bus = await bench.connect();
  let count = 300;
  await publish(bench, queue, count);
  const recent: string[] = [];
  let isShared = false;
  const join = (name: string): Promise<Worker> =>
    Worker.join(bench, queue, async () => {
      recent.push(name);
      if (isShared) return;
      count += 1;
      await bus.send(queue, keyed(count - 1));
    });
  const first = await join("first");
  await bench.eventually(
    "the first is at work",
    () => recent.length,
    (handled) => handled > 40,
  );
  const second = await join("second");
  await bench.eventually(
    "a fifth of the last hundred is the joined one's",
    () => recent.slice(-100).filter((name) => name === "second").length,
    (share) => share >= 20,
    bench.boundMs * 3,
  );
  isShared = true;
  await allHandled(bench, [first, second], count);
}

/** Whether any is handled twice is for SUB-13 to say. */
async function allHandled(bench: Bench, workers: readonly Worker[], count: number): Promise<void> {
  const numbers = (): readonly number[] => unique(workers.flatMap(({ seen }) => seen.done));
  await bench.eventually(
    "all handled",
    () => numbers().length,
    (handled) => handled >= count,
    bench.boundMs * 3,
  );
  sameNumbers(numbers(), range(0, count), "handled by both");
}

/** A second member joins, the first leaves while one of its handlers takes its time, a third joins, the second leaves. */
async function comesAndGoes(bench: Bench, queue: Queue<Item>): Promise<void> {
  const { opened, open } = gate();
  const workers = [await Worker.join(bench, queue, (n) => (n === 0 ? opened : undefined))];
  const began = (): readonly number[] => workers.flatMap(({ seen }) => seen.numbers);
  const until = (count: number): Promise<unknown> =>
    bench.eventually(
      `${count} begun`,
      () => began().length,
      (many) => many >= count,
      bench.boundMs * 3,
    );
  const publishing = bench.later(publish(bench, queue, 300));
  await until(30);
  workers.push(await Worker.join(bench, queue));
  await until(80);
  const leaving = bench.later(workers[0]?.bus.close() ?? Promise.resolve());
  const others = (workers[1]?.seen.numbers.length ?? 0) + 40;
  await bench.eventually(
    "the others go on meanwhile",
    () => workers[1]?.seen.numbers.length ?? 0,
    (count) => count >= others,
  );
  open();
  await leaving;
  workers.push(await Worker.join(bench, queue));
  await until(180);
  await workers[1]?.bus.close();
  await publishing;
  await until(300);
  await bench.drained((await bench.connect()).inbox(queue));
  sameNumbers(began(), range(0, 300), "handled");
  const attempts = workers.flatMap(({ seen }) => seen.began.map(({ attempt }) => attempt));
  // Where the broker's own count stands in, what was given back unhandled counts.
  if (bench.manifest.attempts !== "counted") assert.deepEqual(new Set(attempts), new Set([1]), "attempts");
}
