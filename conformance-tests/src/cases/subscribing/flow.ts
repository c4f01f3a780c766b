import assert from "node:assert/strict";
import type { Delivery, Flow } from "@waybill/core";
import { type Case, casesOf } from "../../case.ts";
import { gate, range, sameNumbers } from "../../expect.ts";
import { always, order } from "../../owed.ts";
import { Recorder } from "../../recorder.ts";
import { seam, sinkInto } from "../../seam.ts";

const concurrency: readonly Case[] = casesOf("SUB-5", {
  handlers: {
    shows: "as many handlers run at once as there is work for, up to concurrency and never more",
    owed: always,
    async run(bench) {
      const [queue, { opened, open }] = [bench.queue(), gate()];
      const bus = await bench.connect();
      await bus.publishMany(
        queue,
        range(0, 40).map((n) => ({ n })),
      );
      const seen = new Recorder();
      await bus.work(
        queue,
        { concurrency: 4 },
        seen.handler(() => opened),
      );
      await bench.eventually(
        "four at once",
        () => seen.running,
        (running) => running === 4,
      );
      open();
      await bench.eventually(
        "all 40",
        () => seen.done.length,
        (count) => count === 40,
      );
      assert.equal(seen.peak, 4, "the most that ran at once");
    },
  },
  window: {
    shows: "at the seam, no more is delivered than the window allows before it is settled",
    owed: always,
    async run(bench) {
      const { inbox, transport, send } = await seam(bench);
      await send(range(0, 20).map((n) => ({ n })));
      const held: Delivery[] = [];
      const flow: Flow = { window: 3, bytes: 2 ** 20, settle: "after" };
      const receiver = await transport.receive(inbox, flow, sinkInto(held));
      await bench.eventually(
        "a full window",
        () => held.length,
        (count) => count >= 3,
      );
      const others: Delivery[] = [];
      const second = await transport.receive(inbox, { ...flow, window: 100 }, sinkInto(others));
      await bench.eventually(
        "the rest elsewhere",
        () => held.length + others.length,
        (count) => count >= 20,
      );
      assert.equal(held.length, 3, "delivered to a window of 3");
      await receiver.close();
      await second.close();
    },
  },
});

const slow: readonly Case[] = casesOf("SUB-9", {
  "": {
    shows: "one handler that takes its time stops neither the others nor what comes later",
    owed: always,
    async run(bench) {
      const [queue, { opened, open }] = [bench.queue(), gate()];
      const bus = await bench.connect();
      const seen = new Recorder();
      await bus.work(
        queue,
        { concurrency: 2 },
        seen.handler(({ data }) => (data.n === 0 ? opened : undefined)),
      );
      await bus.send(queue, { n: 0 });
      await bench.eventually(
        "the slow one",
        () => seen.running,
        (running) => running === 1,
      );
      for (const round of range(0, 5)) {
        await bus.publishMany(
          queue,
          range(round * 20 + 1, round * 20 + 21).map((n) => ({ n })),
        );
        const expected = (round + 1) * 20;
        await bench.eventually(
          `round ${round}`,
          () => seen.done.length,
          (count) => count >= expected,
        );
      }
      assert.equal(seen.running, 1, "the slow one still runs");
      open();
      await bench.drained(bus.inbox(queue));
      sameNumbers(seen.done, range(0, 101), "handled");
    },
  },
  keys: {
    shows: "on an ordered topic a slow handler holds up its own key only",
    owed: order,
    on: "ordered queue",
    async run(bench) {
      const [queue, { opened, open }] = [bench.queue({ ordered: true }), gate()];
      const bus = await bench.connect();
      const seen = new Recorder();
      const work = seen.handler(({ data }) => (data.n === 0 ? opened : undefined));
      await bus.work(queue, { concurrency: 3 }, work);
      await bus.publishMany(
        queue,
        range(0, 60).map((n) => ({ n, key: `k${n % 4}` })),
      );
      await bench.eventually(
        "the other keys",
        () => seen.done.length,
        (count) => count >= 45,
      );
      assert(!seen.done.some((n) => n % 4 === 0), "the slow one's key waits");
      open();
      await bench.eventually(
        "all",
        () => seen.done.length,
        (count) => count >= 60,
      );
      sameNumbers(seen.done, range(0, 60), "handled");
    },
  },
});

const pausing: readonly Case[] = casesOf("SUB-10", {
  "": {
    shows: "a paused consumer starts nothing, others get what it would have got, and after resume nothing is missing",
    owed: always,
    async run(bench) {
      const queue = bench.queue();
      const [bus, other] = [await bench.connect(), await bench.connect()];
      const [seen, elsewhere] = [new Recorder(), new Recorder()];
      const consumer = await bus.work(queue, {}, seen.handler());
      await bus.send(queue, { n: 0 });
      await bench.eventually(
        "the first",
        () => seen.done.length,
        (count) => count === 1,
      );
      consumer.pause();
      await bus.publishMany(
        queue,
        range(1, 31).map((n) => ({ n })),
      );
      const second = await other.work(queue, {}, elsewhere.handler());
      await bench.eventually(
        "30 elsewhere",
        () => elsewhere.done.length,
        (count) => count >= 30,
      );
      sameNumbers(seen.numbers, [0], "handled while paused");
      await second.close();
      await bus.publishMany(
        queue,
        range(31, 51).map((n) => ({ n })),
      );
      consumer.resume();
      await bench.eventually(
        "20 after resume",
        () => seen.done.length,
        (count) => count >= 21,
      );
      await bench.drained(bus.inbox(queue));
      sameNumbers([...seen.numbers, ...elsewhere.numbers], range(0, 51), "handled by both");
    },
  },
  window: {
    shows: "at the seam, a window of 0 delivers nothing more, and what was delivered stays its holder's",
    owed: always,
    async run(bench) {
      const { inbox, transport, send } = await seam(bench);
      const flow: Flow = { window: 10, bytes: 2 ** 20, settle: "after" };
      const held: Delivery[] = [];
      const receiver = await transport.receive(inbox, flow, sinkInto(held));
      await send([{ n: 0 }]);
      await bench.eventually(
        "the first",
        () => held.length,
        (count) => count === 1,
      );
      await receiver.resize({ ...flow, window: 0 });
      await send(range(1, 10).map((n) => ({ n })));
      const others: Delivery[] = [];
      const second = await transport.receive(inbox, flow, sinkInto(others));
      await bench.eventually(
        "the others elsewhere",
        () => others.length + held.length,
        (count) => count >= 10,
      );
      assert.equal(held.length, 1, "delivered to a window of 0");
      const results = await receiver.settle(held.map((delivery) => ({ delivery, outcome: "ack", sends: [] })));
      assert.deepEqual(results, ["settled"], "what it held before");
      await receiver.close();
      await second.close();
    },
  },
});

/** SUB-5, SUB-9, SUB-10 */
export const flow: readonly Case[] = [...concurrency, ...slow, ...pausing];
