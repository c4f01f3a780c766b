import { DatabaseSync } from "node:sqlite";
import type { Delivery, Inbox, Place, Settlement, Source } from "@waybill/core";
import { afterEach, expect, test } from "vitest";
import { fromNow, message, newFile } from "./connection.ts";
import { connectTo, type Member, receive } from "./member.ts";

const shape = { kind: "topic", ordered: false, priorities: 1, retainMs: 0 } as const;
const topic: Source = { kind: "source", name: "t", shape };
const inbox: Inbox = { source: "t", shape, group: "g", ordered: false, ephemeral: false };
const places: readonly Place[] = [topic, { kind: "inbox", inbox, start: fromNow }];
const open: Member[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map(({ transport }) => transport.close()));
});

/** A member of a file that holds one message. */
async function holder() {
  const { file } = newFile();
  const member = await connectTo(file, { leaseMs: 300 });
  open.push(member);
  await member.transport.declare(places);
  await member.transport.send(topic, [message("a")], { deadline: Infinity });
  return { file, member };
}

function ack(delivery: Delivery | undefined): readonly Settlement[] {
  return delivery === undefined ? [] : [{ delivery, outcome: "ack", sends: [] }];
}

test("a lease whose renewal waits for a lock ends by the holder's own clock, and what it held comes again (ACK-4)", async () => {
  const { file, member } = await holder();
  const { receiver, basket } = await receive(member, inbox);
  await basket.has(1);
  const other = new DatabaseSync(file);
  other.exec("BEGIN IMMEDIATE");
  // Only our own clock can say so: the worker waits for the lock.
  await basket.hasLost(1);
  expect(await receiver.settle(ack(basket.deliveries[0]))).toEqual(["lost"]);
  other.exec("ROLLBACK");
  other.close();
  await basket.has(2);
  expect(basket.ids).toEqual(["a", "a"]);
  expect(await receiver.settle(ack(basket.deliveries[1]))).toEqual(["settled"]);
  expect(await member.transport.depth(inbox)).toMatchObject({ ready: 0, inFlight: 0 });
});

test("what was settled before it is delivered has no lease that could end (ACK-6)", async () => {
  const { file, member } = await holder();
  const { basket: once } = await receive(member, inbox, { settle: "first" });
  await once.has(1);
  const other = { ...inbox, group: "other" };
  await member.transport.declare([{ kind: "inbox", inbox: other, start: fromNow }]);
  const { basket } = await receive(member, other);
  await member.transport.send(topic, [message("b")], { deadline: Infinity });
  await Promise.all([once.has(2), basket.has(1)]);
  const locker = new DatabaseSync(file);
  locker.exec("BEGIN IMMEDIATE");
  await basket.hasLost(1);
  locker.exec("ROLLBACK");
  locker.close();
  await basket.has(2);
  expect([once.ids, once.gone]).toEqual([["a", "b"], []]);
});
