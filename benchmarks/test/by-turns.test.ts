import { expect, test } from "vitest";
import { byTurns } from "../src/by-turns.ts";

test("works take turns, the first of which does not count, and the middle value stands for each", async () => {
  const order: string[] = [];
  const values = { one: [100, 3, 1, 2], two: [100, 6, 5, 4] };
  const work = (name: "one" | "two") => (): Promise<number> => {
    order.push(name);
    return Promise.resolve(values[name].shift() ?? Number.NaN);
  };
  await expect(byTurns(3, { one: work("one"), two: work("two") })).resolves.toEqual({ one: 2, two: 5 });
  expect(order).toEqual(["one", "two", "one", "two", "one", "two", "one", "two"]);
});
