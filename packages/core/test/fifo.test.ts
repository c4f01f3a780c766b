import fc from "fast-check";
import { expect, test } from "vitest";
import { Fifo } from "../src/fifo.ts";

type Step = (queue: Fifo<number> | Model, items: readonly number[]) => unknown;

/** The same by an array. */
class Model {
  items: number[] = [];

  get length(): number {
    return this.items.length;
  }

  push(item: number): void {
    this.items.push(item);
  }

  shift(): number | undefined {
    return this.items.shift();
  }

  unshift(items: readonly number[]): void {
    this.items = [...items, ...this.items];
  }

  drain(): readonly number[] {
    return this.items.splice(0);
  }

  peek(): number | undefined {
    return this.items[0];
  }

  [Symbol.iterator](): Iterator<number> {
    return this.items.values();
  }
}

const push: Step = (queue, items) => items.forEach((item) => queue.push(item));
const shift: Step = (queue, items) => items.map(() => queue.shift());
const unshift: Step = (queue, items) => queue.unshift(items);
const drain: Step = (queue) => [...queue.drain()];
const peek: Step = (queue) => queue.peek();
const iterate: Step = (queue) => [...queue];

test("behaves as an array whatever is done with it", () => {
  const step = fc.record({
    apply: fc.constantFrom(push, push, shift, shift, unshift, drain, peek, iterate),
    times: fc.oneof(fc.nat(5), fc.integer({ min: 900, max: 2_500 })),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const fifo = new Fifo<number>();
      const model = new Model();
      let next = 0;
      for (const { apply, times } of steps) {
        const items = Array.from({ length: times }, () => next++);
        expect(apply(fifo, items)).toEqual(apply(model, items));
        expect(fifo.length).toBe(model.length);
      }
      expect([...fifo]).toEqual([...model]);
    }),
  );
});

test("an item that is undefined counts too", () => {
  const fifo = new Fifo<undefined>();
  fifo.push(undefined);
  expect(fifo.length).toBe(1);
  expect([...fifo]).toEqual([undefined]);
  fifo.shift();
  expect(fifo.length).toBe(0);
});
