import assert from "node:assert/strict";
import type { Delivery, Flow, Receiver } from "@waybill/core";
import type { Bench } from "../../bench.ts";
import { type Case, casesOf } from "../../case.ts";
import { gate, range, sameNumbers } from "../../expect.ts";
import type { Item } from "../../item.ts";
import { always } from "../../owed.ts";
import { Recorder } from "../../recorder.ts";
import { type Seam, seam, sinkInto } from "../../seam.ts";

/** Three of these fit into `room`. */
const text = "x".repeat(3_000);
const room = 10_500;

/** SUB-14 */
export const bytes: readonly Case[] = casesOf("SUB-14", {
  "": {
    shows: "a consumer holds no more than maxHeldBytes, though its concurrency allows more",
    owed: always,
    async run(bench) {
      const [queue, { opened, open }] = [bench.queue(), gate()];
      const [bus, other] = [await bench.connect(), await bench.connect()];
      const [seen, elsewhere] = [new Recorder(), new Recorder()];
      await bus.work(
        queue,
        { concurrency: 10, maxHeldBytes: room },
        seen.handler(() => opened),
      );
      await other.publishMany(queue, large(12));
      await bench.eventually(
        "three run",
        () => seen.running,
        (running) => running >= 3,
      );
      await other.work(queue, { concurrency: 12 }, elsewhere.handler());
      await bench.eventually(
        "the rest elsewhere",
        () => seen.began.length + elsewhere.done.length,
        (count) => count >= 12,
      );
      open();
      await bench.drained(other.inbox(queue));
      assert.equal(seen.began.length, 3, "taken by the one with little room");
      sameNumbers([...seen.numbers, ...elsewhere.numbers], range(0, 12), "handled");
    },
  },
  seam: {
    shows: "at the seam, what is delivered and not settled stays within flow.bytes, and settling makes room",
    owed: always,
    async run(bench) {
      const at = await seam(bench);
      await at.send(large(12));
      const [receiver, held] = await taking(at, room);
      await counted(bench, held, 3);
      await receiver.settle(held.slice(0, 1).map((delivery) => ({ delivery, outcome: "ack", sends: [] })));
      await counted(bench, held, 4);
      const [second, rest] = await taking(at, 2 ** 20);
      await counted(bench, rest, 8);
      assert.equal(held.length, 4, "delivered where three fit and one was settled");
      await receiver.close();
      await second.close();
    },
  },
  alone: {
    shows: "at the seam, a message larger than flow.bytes is delivered, by itself",
    owed: always,
    async run(bench) {
      const at = await seam(bench);
      await at.send(large(4));
      const [receiver, held] = await taking(at, 1_000);
      for (const count of [1, 2]) {
        await counted(bench, held, count);
        const last = held.slice(count - 1).map((delivery) => ({ delivery, outcome: "ack", sends: [] }) as const);
        assert.equal(last.length, 1, "delivered at once");
        await receiver.settle(last);
      }
      await counted(bench, held, 3);
      const [second, rest] = await taking(at, 2 ** 20);
      await counted(bench, rest, 1);
      assert.equal(held.length, 3, "delivered one by one");
      await receiver.close();
      await second.close();
    },
  },
});

function large(count: number): readonly Item[] {
  return range(0, count).map((n) => ({ n, text }));
}

async function taking(
  { transport, inbox }: Seam,
  most: number,
): Promise<readonly [receiver: Receiver, held: readonly Delivery[]]> {
  const held: Delivery[] = [];
  const flow: Flow = { window: 100, bytes: most, settle: "after" };
  return [await transport.receive(inbox, flow, sinkInto(held)), held];
}

async function counted(bench: Bench, held: readonly Delivery[], count: number): Promise<void> {
  await bench.eventually(
    `${count} delivered`,
    () => held.length,
    (many) => many >= count,
  );
}
