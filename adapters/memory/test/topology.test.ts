import { expect, test } from "vitest";
import { virtualClock } from "@waybill/testing";
import type { MemoryTransport } from "../src/index.ts";
import { Scheduler } from "../src/scheduler.ts";
import { Topology } from "../src/topology.ts";
import { ids, inbox, member, pattern, place, shape, source, transport, wire } from "./support.ts";

async function send(to: MemoryTransport, topic: string, ...messages: readonly string[]): Promise<unknown> {
  return to.send(
    source(topic),
    messages.map((id) => wire(id, { source: topic })),
  );
}

test("a pattern gets copies from each topic that fits, be it declared before or after, from its first message on", async () => {
  const { clock, transport: memory } = await transport();
  await memory.declare([source("order.placed"), place(inbox("order.placed", "g")), place(pattern("order.*", "g"))]);
  await memory.declare([source("order.paid"), source("invoice.sent"), source("order.paid.late")]);
  const all = await member(memory, pattern("order.*", "g"));
  const own = await member(memory, inbox("order.placed", "g"));
  for (const topic of ["order.placed", "order.paid", "invoice.sent", "order.paid.late"])
    await send(memory, topic, topic);
  await clock.flush();
  expect(all.got.map((delivery) => delivery.source)).toEqual(["order.placed", "order.paid"]);
  expect(ids(own.got)).toEqual(["order.placed"]);
});

test("a pattern takes nothing from queues, nor from another namespace", async () => {
  const { clock, transport: memory } = await transport({}, "memory:namespaces");
  const { transport: other } = await transport({ namespace: "other", clock }, "memory:namespaces");
  await memory.declare([place(pattern("#", "g")), { kind: "source", name: "q", shape: shape("queue") }]);
  await other.declare([source("t")]);
  await memory.send({ kind: "source", name: "q", shape: shape("queue") }, [wire("queued")]);
  await send(other, "t", "elsewhere");
  expect(await memory.depth(pattern("#", "g"))).toMatchObject({ ready: 0 });
});

test("a topic that was never declared has no route, though a pattern would fit", async () => {
  const { transport: memory } = await transport();
  await memory.declare([place(pattern("order.*", "g"))]);
  expect(await send(memory, "order.placed", "m")).toMatchObject([{ outcome: "refused", error: { code: "NO_ROUTE" } }]);
});

test("a pattern and a topic's group of the same names are two inboxes", async () => {
  const { transport: memory } = await transport();
  await memory.declare([source("t"), place(inbox("t", "g")), place(pattern("t", "g"))]);
  await send(memory, "t", "m");
  await memory.remove(place(pattern("t", "g")));
  await send(memory, "t", "n");
  expect(await memory.depth(inbox("t", "g"))).toMatchObject({ ready: 2 });
  await expect(memory.depth(pattern("t", "g"))).rejects.toMatchObject({ code: "MISSING" });
});

test("removing a topic leaves the patterns that fit it, removing a pattern leaves the topics", async () => {
  const { transport: memory } = await transport();
  await memory.declare([source("t"), place(inbox("t", "g")), place(pattern("*", "g"))]);
  await memory.remove(source("t"));
  await memory.declare([source("t")]);
  await send(memory, "t", "m");
  expect(await memory.depth(pattern("*", "g"))).toMatchObject({ ready: 1 });
});

test("an inbox that was removed gets nothing any more (GRP-1)", () => {
  const topology = new Topology(virtualClock(), new Scheduler(undefined));
  for (const one of [source("t"), place(pattern("*", "g")), place(inbox("t", "g"))]) topology.declare(one, false);
  const boxes = [pattern("*", "g"), inbox("t", "g")].map((of) => topology.box(of));
  topology.remove(place(pattern("*", "g")));
  topology.remove(place(inbox("t", "g")));
  topology.route(source("t")).store(wire("m"), 0);
  expect(boxes.map(({ depth }) => depth.ready)).toEqual([0, 0]);
});

test("with verify a missing pattern is named, and not made", async () => {
  const { transport: memory } = await transport({ topology: "verify" });
  await expect(memory.declare([place(pattern("order.*", "g"))])).rejects.toMatchObject({
    code: "MISSING",
    message: `group "g" of "order.*" is not there, and topology is "verify"`,
  });
});

test("a new inbox starts at the beginning of what is kept, at a time, or now", async () => {
  const { clock, transport: memory } = await transport();
  const retained = source("t", { retainMs: 10_000 });
  await memory.declare([retained]);
  for (const id of ["a", "b", "c"]) {
    await memory.send(retained, [wire(id)]);
    await clock.advance(1_000);
  }
  const from = clock.now() - 2_000;
  await memory.declare([place(inbox("t", "all"), { from: "beginning" })]);
  await memory.declare([place(inbox("t", "some"), { from }), place(inbox("t", "none"))]);
  const [all, some, none] = await Promise.all(
    ["all", "some", "none"].map((group) => member(memory, inbox("t", group))),
  );
  await memory.send(retained, [wire("d")]);
  await clock.flush();
  expect([all, some, none].map((one) => one && ids(one.got))).toEqual([["a", "b", "c", "d"], ["b", "c", "d"], ["d"]]);
});

test("what is older than the retention is not replayed", async () => {
  const { clock, transport: memory } = await transport();
  const retained = source("t", { retainMs: 1_000 });
  await memory.declare([retained]);
  await memory.send(retained, [wire("old")]);
  await clock.advance(600);
  await memory.send(retained, [wire("young")]);
  await clock.advance(600);
  await memory.declare([place(inbox("t", "g"), { from: "beginning" })]);
  const { got } = await member(memory, inbox("t", "g"));
  await clock.flush();
  expect(ids(got)).toEqual(["young"]);
});

test("a new pattern replays what fits, in the order it came", async () => {
  const { clock, transport: memory } = await transport();
  const [one, two, other] = [source("a.1", { retainMs: 9_000 }), source("a.2", { retainMs: 9_000 }), source("b")];
  await memory.declare([one, two, other]);
  for (const [topic, id] of [
    [two, "m1"],
    [one, "m2"],
    [two, "m3"],
    [other, "m4"],
  ] as const) {
    await memory.send(topic, [wire(id)]);
    await clock.advance(1);
  }
  await memory.declare([place(pattern("a.*", "g"), { from: "beginning" })]);
  const { got } = await member(memory, pattern("a.*", "g"));
  await clock.flush();
  expect(ids(got)).toEqual(["m1", "m2", "m3"]);
});

test("an inbox that is there ignores where it should start, unless it is reset", async () => {
  const { clock, transport: memory } = await transport();
  const retained = source("t", { retainMs: 10_000 });
  await memory.declare([retained, place(inbox("t", "g"))]);
  await memory.send(retained, [wire("a"), wire("b")]);
  await memory.declare([place(inbox("t", "g"), { from: "beginning" })]);
  expect(await memory.depth(inbox("t", "g"))).toMatchObject({ ready: 2 });
  await memory.declare([place(inbox("t", "g"), { reset: true })]);
  expect(await memory.depth(inbox("t", "g"))).toMatchObject({ ready: 0 });
  await memory.declare([place(inbox("t", "g"), { from: "beginning", reset: true })]);
  const { got } = await member(memory, inbox("t", "g"));
  await clock.flush();
  expect(ids(got)).toEqual(["a", "b"]);
});

test("a reply reaches the inbox of the receiver whose address it has; once that is gone nothing is stored", async () => {
  const { clock, transport: memory } = await transport({}, "memory:replies");
  const { transport: other } = await transport({ clock }, "memory:replies");
  const mine = inbox("replies", "me", { ephemeral: true });
  await memory.declare([source("replies"), place(mine), place(inbox("replies", "others"))]);
  const { receiver, got } = await member(memory, mine);
  const to = { kind: "reply", to: receiver.address } as const;
  expect(await other.send(to, [wire("reply")])).toEqual(["stored"]);
  await clock.flush();
  expect(ids(got)).toEqual(["reply"]);
  expect(await memory.depth(inbox("replies", "others"))).toMatchObject({ ready: 0 });
  await receiver.close();
  expect(await other.send(to, [wire("late")])).toMatchObject([{ outcome: "refused", error: { code: "NO_ROUTE" } }]);
});
