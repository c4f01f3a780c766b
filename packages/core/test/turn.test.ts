import { expect, test } from "vitest";
import type { Clock } from "../src/clock.ts";
import { Turn } from "../src/turn.ts";

const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** A clock that each look moves by so many ms. */
function moving(ms: number): Clock {
  let now = 1_000_000;
  return { now: () => (now += ms), after: () => () => undefined };
}

test.each([1, -1])(
  "a turn is over after a while, and what is left comes in the next one (the clock at %i)",
  async (step) => {
    let calls = 0;
    const turn = new Turn(moving(step), () => (calls += 1));
    while (turn.hasTime());
    expect(calls).toBe(0);
    await nextTurn();
    expect(calls).toBe(1);
    expect(turn.hasTime()).toBe(true);
  },
);

test("a turn that was not over asks for no other", async () => {
  let calls = 0;
  const turn = new Turn(moving(1), () => (calls += 1));
  expect(turn.hasTime()).toBe(true);
  await nextTurn();
  await nextTurn();
  expect(calls).toBe(0);
});
