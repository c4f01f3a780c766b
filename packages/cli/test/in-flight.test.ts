import { expect, test } from "vitest";
import { InFlight } from "../src/in-flight.ts";

/** Works that end when they are told to. */
function works() {
  const ends: (() => void)[] = [];
  const started: number[] = [];
  const work = (number: number) => (): Promise<void> => {
    started.push(number);
    return new Promise((resolve) => ends.push(resolve));
  };
  return { started, work, end: () => ends.shift()?.() };
}

test.each([
  ["count", { count: 2, bytes: Infinity }],
  ["bytes", { count: Infinity, bytes: 20 }],
])("no more is under way than the bound in %s allows", async (_, most) => {
  const { started, work, end } = works();
  const inFlight = new InFlight(most);
  await inFlight.start(10, work(1));
  await inFlight.start(10, work(2));
  const third = inFlight.start(10, work(3));
  await new Promise(setImmediate);
  expect(started).toEqual([1, 2]);
  end();
  await third;
  expect(started).toEqual([1, 2, 3]);
});

test("a single one may be larger than the bound, alone; failing ends it too", async () => {
  const inFlight = new InFlight({ count: 5, bytes: 20 });
  await inFlight.start(100, () => Promise.reject(new Error("no luck")));
  await inFlight.start(1, () => Promise.resolve());
  await expect(inFlight.idle()).resolves.toBeUndefined();
});
