import { expect, test } from "vitest";
import { Turn } from "../src/turn.ts";

const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

test("a turn is over after a while, and what is left comes in the next one", async () => {
  let calls = 0;
  const turn = new Turn(() => (calls += 1));
  while (turn.hasTime());
  expect(calls).toBe(0);
  await nextTurn();
  expect(calls).toBe(1);
  expect(turn.hasTime()).toBe(true);
});

test("a turn that was not over asks for no other", async () => {
  let calls = 0;
  const turn = new Turn(() => (calls += 1));
  expect(turn.hasTime()).toBe(true);
  await nextTurn();
  await nextTurn();
  expect(calls).toBe(0);
});
