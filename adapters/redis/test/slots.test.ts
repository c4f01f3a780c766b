import fc from "fast-check";
import { expect, test } from "vitest";
import { redirectOf, slotOf, slotOfKey, Slots } from "../src/slots.ts";

const asked = { host: "10.0.0.1", port: 1 };
const node = (host: string | null, port: number): readonly unknown[] => [
  host && Buffer.from(host),
  port,
  Buffer.from("id"),
];

test("the owner of each slot is the first node of its range", () => {
  const slots = Slots.of(
    [
      [0, 99, node("a", 1), node("b", 2)],
      [100, 16_383, node("", 3)],
    ],
    asked,
  );
  expect([0, 99, 100, 16_383].map((slot) => slots.ownerOf(slot))).toEqual([
    { host: "a", port: 1 },
    { host: "a", port: 1 },
    { host: asked.host, port: 3 },
    { host: asked.host, port: 3 },
  ]);
  expect(slots.masters).toHaveLength(2);
  slots.moved(99, { host: "c", port: 4 });
  expect(slots.ownerOf(99)).toEqual({ host: "c", port: 4 });
});

test("nobody owns what no range tells, and any owner will do where none is meant", () => {
  const slots = Slots.of([[5, 6, node(null, 3)]], asked);
  expect(slots.ownerOf(4)).toBeUndefined();
  expect(slots.ownerOf(undefined)).toEqual({ host: asked.host, port: 3 });
  expect(Slots.of("nonsense", asked).masters).toEqual([]);
});

test("a command goes where its first key lives, wherever the key stands", () => {
  const slot = slotOfKey("{tag}x");
  expect(slotOf("XREADGROUP", ["GROUP", "g", "c", "COUNT", 1, "STREAMS", "{tag}y", ">"])).toBe(slot);
  expect(slotOf("XADD", ["{tag}z", "*", "f", Uint8Array.of(255)])).toBe(slot);
  expect(slotOf("PING", [])).toBeUndefined();
});

test.each([
  ["MOVED 3999 10.0.0.2:6381", { once: false, slot: 3_999, node: { host: "10.0.0.2", port: 6_381 } }],
  ["ASK 3999 ::1:6381", { once: true, slot: 3_999, node: { host: "::1", port: 6_381 } }],
  ["MOVED 3999 :6381", { once: false, slot: 3_999, node: { host: asked.host, port: 6_381 } }],
  ["MOVED 16384 h:1", undefined],
  ["MOVED __proto__ h:1", undefined],
  ["ERR MOVED 1 h:1", undefined],
])("%s sends to %j", (message, redirect) => {
  expect(redirectOf(new Error(message), asked)).toEqual(redirect);
});

test("whatever else is thrown sends nowhere", () => {
  const goesNowhere = fc.property(fc.anything(), (thrown) => redirectOf(thrown, asked) === undefined);
  expect(fc.check(goesNowhere).failed).toBe(false);
});
