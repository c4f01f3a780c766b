import fc from "fast-check";
import { expect, test } from "vitest";
import { Budget } from "../src/budget.ts";
import { outcomeOf, resultOf } from "./support.ts";

const busy = expect.objectContaining({ code: "BUSY" }) as Error;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("takes until the limit is reached, then is BUSY", () => {
  const budget = new Budget(100);
  budget.take(60);
  budget.take(39);
  budget.take(1);
  expect(() => budget.take(1)).toThrow(busy);
  budget.give(1);
  budget.take(1);
  expect(() => budget.take(0)).toThrow(busy);
});

test("a message of any size fits below the limit, and nothing after it", () => {
  const budget = new Budget(100);
  budget.take(1_000_000);
  expect(() => budget.take(1)).toThrow(busy);
  budget.give(1_000_000);
  budget.take(1);
});

test("never holds more than the limit and one message", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100 }), fc.array(fc.nat(50)), (limit, sizes) => {
      const budget = new Budget(limit);
      let used = 0;
      for (const size of sizes) {
        const result = resultOf(() => budget.take(size));
        expect("error" in result).toBe(used >= limit);
        used += "error" in result ? 0 : size;
        expect(used).toBeLessThan(limit + 50);
      }
    }),
  );
});

test("says whether there is room exactly as take takes", () => {
  const budget = new Budget(100);
  budget.take(99);
  expect(budget.room()).toBeUndefined();
  budget.take(500);
  expect(budget.room()).toBeInstanceOf(Promise);
});

test("who waits for room is woken once half is free, all of them", async () => {
  const budget = new Budget(100);
  for (let taken = 0; taken < 10; taken += 1) budget.take(10);
  const waiting = [budget.room(), budget.room()].map((room) => outcomeOf(room ?? Promise.reject(new Error("no wait"))));
  for (let given = 0; given < 4; given += 1) budget.give(10);
  await turn();
  expect(waiting.map(({ state }) => state)).toEqual(["pending", "pending"]);
  budget.give(10);
  await turn();
  expect(waiting.map(({ state }) => state)).toEqual(["resolved", "resolved"]);
});
