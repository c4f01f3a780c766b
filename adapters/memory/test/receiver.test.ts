import { expect, test } from "vitest";
import { ack, ids, inbox, leaseMs, member, place, shape, source, transport, wire } from "./support.ts";

const ordered = { shape: shape("topic", { ordered: true }), ordered: true };

test("what is in flight stays through a reset, and holds up its key", async () => {
  const { clock, transport: memory } = await transport();
  const retained = source("t", { retainMs: 10_000, ordered: true });
  const group = inbox("t", "g", { ...ordered, shape: retained.shape });
  await memory.declare([retained, place(group)]);
  const { receiver, got } = await member(memory, group);
  await memory.send(retained, [wire("k1", { key: "k" }), wire("k2", { key: "k" }), wire("j1", { key: "j" })]);
  await clock.flush();
  expect(ids(got)).toEqual(["k1", "j1"]);
  await memory.declare([place(group, { from: "beginning", reset: true })]);
  await clock.flush();
  expect(ids(got)).toEqual(["k1", "j1"]);
  expect(await memory.depth(group)).toMatchObject({ ready: 3, inFlight: 2 });
  await receiver.settle(got.map(ack));
  await clock.flush();
  expect(ids(got)).toEqual(["k1", "j1", "k1", "j1"]);
});

test("dead letters stay through a reset, what waits for its retry does not", async () => {
  const { clock, transport: memory } = await transport();
  await memory.declare([source("t"), place(inbox("t", "g"))]);
  const { receiver, got } = await member(memory, inbox("t", "g"));
  await memory.send(source("t"), [wire("dead"), wire("again")]);
  await clock.flush();
  const [dead, again] = got.splice(0);
  if (dead === undefined || again === undefined) throw new Error("nothing was delivered");
  await receiver.settle([
    { delivery: dead, outcome: "dead", note: {} },
    { delivery: again, outcome: "retry", delayMs: 100, failed: true, note: {} },
  ]);
  await memory.declare([place(inbox("t", "g"), { reset: true })]);
  expect(await memory.depth(inbox("t", "g"))).toMatchObject({ ready: 0, delayed: 0, dead: 1 });
  await clock.advance(1_000);
  expect(got).toEqual([]);
});

test.each(["close", "crash", "retry", "release", "dead"] as const)(
  "what is settled first is not in flight, and does not come back after a %s",
  async (end) => {
    const { clock, transport: memory } = await transport({}, `memory:once-${end}`);
    await memory.declare([source("t"), place(inbox("t", "g"))]);
    const { receiver, got } = await member(memory, inbox("t", "g"), { settle: "first" });
    await memory.send(source("t"), [wire("m")]);
    await clock.flush();
    expect(ids(got)).toEqual(["m"]);
    const none = { ready: 0, inFlight: 0, delayed: 0, dead: 0 };
    expect(await memory.depth(inbox("t", "g"))).toMatchObject(none);
    const [delivery] = got;
    if (delivery === undefined) throw new Error("nothing was delivered");
    if (end === "close") await receiver.close();
    else if (end === "crash") receiver.crash();
    else if (end === "retry") {
      await receiver.settle([{ delivery, outcome: end, delayMs: 0, failed: true, note: {} }]);
    } else if (end === "dead") await receiver.settle([{ delivery, outcome: end, note: {} }]);
    else await receiver.settle([{ delivery, outcome: end }]);
    const { transport: next } = await transport({ clock }, `memory:once-${end}`);
    const after = await member(next, inbox("t", "g"));
    await clock.advance(leaseMs * 2);
    expect([...ids(got), ...ids(after.got)]).toEqual(["m"]);
    expect(await memory.depth(inbox("t", "g"))).toMatchObject(none);
  },
);

test("settled first, a key's next message waits until its holder is done, or its lease is over", async () => {
  const { clock, transport: memory } = await transport();
  const group = inbox("t", "g", ordered);
  await memory.declare([source("t", { ordered: true }), place(group)]);
  const { receiver, got } = await member(memory, group, { settle: "first" });
  await memory.send(
    source("t"),
    ["1", "2", "3"].map((id) => wire(id, { key: "k" })),
  );
  await clock.flush();
  expect(ids(got)).toEqual(["1"]);
  expect(await receiver.settle(got.map(ack))).toEqual(["settled"]);
  await clock.flush();
  expect(ids(got)).toEqual(["1", "2"]);
  receiver.crash();
  const after = await member(memory, group);
  await clock.advance(leaseMs);
  expect(ids(after.got)).toEqual(["3"]);
});

test("settled first, what its handler sends leaves with its ack", async () => {
  const { clock, transport: memory } = await transport();
  await memory.declare([source("t"), source("u"), place(inbox("t", "g")), place(inbox("u", "g"))]);
  const { receiver, got } = await member(memory, inbox("t", "g"), { settle: "first" });
  await memory.send(source("t"), [wire("m")]);
  await clock.flush();
  await receiver.settle(got.map((delivery) => ({ ...ack(delivery), sends: [[source("u"), wire("effect")]] })));
  expect(await memory.depth(inbox("u", "g"))).toMatchObject({ ready: 1 });
});

test("an ack whose reply nobody waits for is an ack; one whose topic is not there is none", async () => {
  const { clock, transport: memory } = await transport();
  await memory.declare([source("t"), place(inbox("t", "g"))]);
  const { receiver, got } = await member(memory, inbox("t", "g"));
  await memory.send(source("t"), [wire("m"), wire("n")]);
  await clock.flush();
  const [m, n] = got;
  if (m === undefined || n === undefined) throw new Error("nothing was delivered");
  const results = await receiver.settle([
    { ...ack(m), sends: [[{ kind: "reply", to: "gone" }, wire("reply")]] },
    { ...ack(n), sends: [[source("nowhere"), wire("effect")]] },
  ]);
  expect(results).toMatchObject(["settled", { code: "NO_ROUTE" }]);
  expect(await memory.depth(inbox("t", "g"))).toMatchObject({ ready: 0, inFlight: 1 });
});
