import fc from "fast-check";
import { expect, test } from "vitest";
import { Heap } from "../src/heap.ts";

test("whatever is pushed and popped meanwhile, what comes first is popped first", () => {
  const step = fc.option(fc.integer({ min: 0, max: 50 }), { nil: undefined });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const heap = new Heap<number>((one, other) => one < other);
      const model: number[] = [];
      for (const item of steps) {
        const popped = item === undefined ? heap.pop() : heap.push(item);
        const expected = item === undefined ? model.shift() : void model.push(item);
        model.sort((one, other) => one - other);
        expect(popped).toBe(expected);
        expect(heap.peek()).toBe(model[0]);
        expect(heap.size).toBe(model.length);
      }
      expect([...heap.values()].sort((one, other) => one - other)).toEqual(model);
    }),
  );
});
