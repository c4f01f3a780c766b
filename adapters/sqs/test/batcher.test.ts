import { expect, test } from "vitest";
import { Batcher } from "../src/batcher.ts";

/** A batcher whose batches end when they are told to. */
function batches(): { batcher: Batcher<number, number>; sizes: number[]; end: (() => void)[] } {
  const sizes: number[] = [];
  const end: (() => void)[] = [];
  const batcher = new Batcher<number, number>(async (items) => {
    sizes.push(items.length);
    await new Promise<void>((resolve) => void end.push(resolve));
    return items.map((item) => item * 2);
  });
  return { batcher, sizes, end };
}

test("alone an item waits for nothing; what comes meanwhile goes together, full batches at once", async () => {
  const { batcher, sizes, end } = batches();
  const results = [batcher.add(1)];
  await Promise.resolve();
  expect(sizes).toEqual([1]);
  for (let item = 2; item <= 25; item += 1) results.push(batcher.add(item));
  await Promise.resolve();
  expect(sizes).toEqual([1, 10, 10]);
  for (let turn = 0; turn < 4; turn += 1) {
    for (const one of end.splice(0)) one();
    await new Promise((resolve) => void setImmediate(resolve));
  }
  expect(sizes).toEqual([1, 10, 10, 4]);
  expect(await Promise.all(results)).toEqual(Array.from({ length: 25 }, (_, index) => 2 * index + 2));
});
