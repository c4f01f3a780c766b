import { expect, test } from "vitest";
import { Hand } from "../src/hand.ts";
import type { Placed } from "../src/roster.ts";
import type { Delivery } from "../src/seam.ts";

const rest = { id: "a", dedupe: "a", source: "s", key: undefined, headers: {}, deliverAt: undefined, priority: 0 };

function message(bytes: number): Delivery & Placed {
  const counts = { failures: 0, deliveries: 1, malformed: undefined };
  return { ...rest, ...counts, body: Buffer.alloc(bytes), place: -1 };
}

test("a hand takes no more messages and bytes than its flow says (SUB-14)", () => {
  const hand = new Hand({ window: 2, bytes: 10, settle: "after" });
  expect(hand.offer(message(6))).toBe(true);
  expect(hand.room).toEqual({ count: 1, bytes: 4, alone: false });
  expect(hand.offer(message(5))).toBe(false);
  expect(hand.offer(message(4))).toBe(true);
  expect(hand.offer(message(0))).toBe(false);
});

test("an empty hand takes one message, however large, and nothing beside it", () => {
  const hand = new Hand({ window: 5, bytes: 10, settle: "after" });
  expect(hand.offer(message(11))).toBe(true);
  expect(hand.offer(message(1))).toBe(false);
  expect(hand.room.bytes).toBe(0);
});

test("what is let go of makes room, once", () => {
  const hand = new Hand({ window: 1, bytes: 10, settle: "after" });
  const held = message(8);
  hand.add(held);
  expect([hand.delete(held), hand.delete(held)]).toEqual([true, false]);
  expect(hand.room).toEqual({ count: 1, bytes: 10, alone: true });
});

test("a window of 0 has no room, also for one alone (SUB-10)", () => {
  const hand = new Hand({ window: 0, bytes: 10, settle: "after" });
  expect(hand.offer(message(1))).toBe(false);
});
