import assert from "node:assert/strict";
import type { Delivery, Depth, Flow, Receiver, Settlement } from "@waybill/core";
import type { Bench } from "../../bench.ts";
import { type Case, casesOf } from "../../case.ts";
import { range } from "../../expect.ts";
import { always, delay, every, order, topics, where } from "../../owed.ts";
import { seam, sinkInto } from "../../seam.ts";

type Lanes = Readonly<Record<"ready" | "inFlight" | "delayed" | "dead", number>>;

const nothing: Lanes = { ready: 0, inFlight: 0, delayed: 0, dead: 0 };
const flow: Flow = { window: 2, bytes: 2 ** 20, settle: "after" };
/** How far a carrier's clock may be from ours, ms. */
const skew = 1_000;

/** LIF-4 */
export const stats: readonly Case[] = casesOf("LIF-4", {
  "": {
    shows: "ready, in flight, delayed and dead are what was sent, delivered and settled, at every step",
    owed: always,
    async run(bench) {
      const { bus, queue, inbox, transport, send } = await seam(bench);
      const look = (): Promise<Depth> => bus.inbox(queue).stats();
      await agrees(bench, look, nothing);
      await send(range(0, 6).map((n) => ({ n })));
      await agrees(bench, look, { ...nothing, ready: 6 });
      const held: Delivery[] = [];
      const receiver = await transport.receive(inbox, flow, sinkInto(held));
      const holder = { bench, receiver, held };
      await agrees(bench, look, { ...nothing, ready: 4, inFlight: 2 });
      await settle(holder, (delivery) => ({ delivery, outcome: "ack", sends: [] }));
      await agrees(bench, look, { ...nothing, ready: 3, inFlight: 2 });
      await settle(holder, (delivery) => ({ delivery, outcome: "dead", note: {} }));
      await agrees(bench, look, { ready: 2, inFlight: 2, delayed: 0, dead: 1 });
      await settle(holder, (delivery) => later(delivery));
      await agrees(bench, look, { ready: 1, inFlight: 2, delayed: 1, dead: 1 });
      await receiver.resize({ ...flow, window: 0 });
      await settle(holder, (delivery) => ({ delivery, outcome: "release" }));
      await agrees(bench, look, { ready: 2, inFlight: 1, delayed: 1, dead: 1 });
      await receiver.close();
      await agrees(bench, look, { ready: 3, inFlight: 0, delayed: 1, dead: 1 });
    },
  },
  delayed: {
    shows: "what was published with a delay counts as delayed, and as ready once it is due",
    owed: delay,
    async run(bench) {
      const [queue, bus] = [bench.queue(), await bench.connect()];
      const look = (): Promise<Depth> => bus.inbox(queue).stats();
      const { timestamp } = await bus.send(queue, { n: 1 }, { delay: 3_000 });
      await bus.send(queue, { n: 2 }, { delay: 8_000 });
      await agrees(bench, look, { ...nothing, delayed: 2 });
      await bench.past("the first is due", timestamp + 3_000);
      await agrees(bench, look, { ...nothing, ready: 1, delayed: 1 });
    },
  },
  groups: {
    shows: "each group's numbers are its own",
    owed: topics,
    on: "topic",
    async run(bench) {
      const [topic, bus] = [bench.topic(), await bench.connect()];
      const idle = await bus.subscribe(topic, { group: "idle" }, () => undefined);
      await idle.close();
      await bus.subscribe(topic, { group: "busy" }, () => undefined);
      await bus.publishMany(
        topic,
        range(0, 5).map((n) => ({ n })),
      );
      await agrees(bench, () => bus.inbox(topic, "idle").stats(), { ...nothing, ready: 5 });
      await agrees(bench, () => bus.inbox(topic, "busy").stats(), nothing);
    },
  },
  keys: {
    shows: "what waits behind another of its key is ready",
    owed: every(
      order,
      // Else what a member has taken, to hand it out one by one, is ready to nobody else.
      where("a depth that is exact", ({ depth }) => depth === "exact"),
    ),
    on: "ordered queue",
    async run(bench) {
      const { bus, queue, inbox, transport, send } = await seam(bench, bench.queue({ ordered: true }));
      await send(range(0, 6).map((n) => ({ n, key: "one" })));
      const receiver = await transport.receive(inbox, flow, sinkInto([]));
      await agrees(bench, () => bus.inbox(queue).stats(), { ...nothing, ready: 5, inFlight: 1 });
      await receiver.close();
    },
  },
  oldest: {
    shows: "oldestAt, where it is told, is when the oldest that is ready was published",
    owed: always,
    async run(bench) {
      const [queue, bus] = [bench.queue(), await bench.connect()];
      const [before, { timestamp }] = [await bus.inbox(queue).stats(), await bus.send(queue, { n: 1 })];
      assert.equal(before.oldestAt, undefined, "with nothing there");
      await bench.eventually("some time passes", Date.now, (now) => now > timestamp + 20);
      await bus.send(queue, { n: 2 });
      const { oldestAt = timestamp } = await bus.inbox(queue).stats();
      assert(Math.abs(oldestAt - timestamp) < skew, `oldestAt is ${oldestAt}, the oldest is of ${timestamp}`);
    },
  },
});

interface Holder {
  readonly bench: Bench;
  readonly receiver: Receiver;
  readonly held: Delivery[];
}

/** Settles the one that was delivered first. */
async function settle({ bench, receiver, held }: Holder, decide: (delivery: Delivery) => Settlement): Promise<void> {
  await bench.eventually(
    "something is held",
    () => held.length,
    (count) => count > 0,
  );
  const [delivery] = held.splice(0, 1) as [Delivery];
  assert.deepEqual(await receiver.settle([decide(delivery)]), ["settled"]);
}

function later(delivery: Delivery): Settlement {
  return { delivery, outcome: "retry", delayMs: 60_000, failed: true, note: {} };
}

/** Where the carrier tells a number it is this one, and what is ready it can always tell. */
async function agrees(bench: Bench, look: () => Promise<Depth>, lanes: Lanes): Promise<void> {
  const names = ["inFlight", "delayed", "dead"] as const;
  await bench.eventually(
    JSON.stringify(lanes),
    look,
    (depth) => depth.ready === lanes.ready && names.every((name) => (depth[name] ?? lanes[name]) === lanes[name]),
  );
}
