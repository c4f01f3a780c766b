import fc from "fast-check";
import { expect, test } from "vitest";
import { comesBefore, type Entry } from "../src/entry.ts";
import { Ready } from "../src/ready.ts";
import { wire } from "./support.ts";

function entry(seq: number, priority: number): Entry {
  const message = wire(`m${seq}`, { priority });
  return { message, body: message.body, headers: {}, seq, storedAt: 0, failures: 0, deliveries: 0, dueAt: 0 };
}

test("higher priority comes first, then what was stored first, whatever comes back meanwhile (PRI-1)", () => {
  // A number: one of that priority is pushed; undefined: one is popped; true: what was popped last comes back.
  const step = fc.oneof(fc.integer({ min: 0, max: 2 }), fc.constant(undefined), fc.constant(true));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const ready = new Ready();
      const model: Entry[] = [];
      const popped: Entry[] = [];
      for (const [seq, what] of steps.entries()) {
        const [first, expected] = what === undefined ? [ready.pop(), model.shift()] : [];
        expect(first).toBe(expected);
        if (first !== undefined) popped.push(first);
        const pushed = what === true ? popped.pop() : what === undefined ? undefined : entry(seq, what);
        if (pushed !== undefined) {
          ready.push(pushed);
          model.push(pushed);
          model.sort((one, other) => (comesBefore(one, other) ? -1 : 1));
        }
        expect(ready.size).toBe(model.length);
        expect(ready.peek()).toBe(model[0]);
      }
      expect(new Set(ready.values())).toEqual(new Set(model));
    }),
  );
});

test("what was taken is let go, also when thousands have passed", () => {
  const ready = new Ready();
  for (let seq = 0; seq < 10_000; seq += 1) {
    ready.push(entry(seq, 0));
    if (seq >= 10) ready.pop();
  }
  expect([...ready.values()].map(({ seq }) => seq)).toEqual(Array.from({ length: 10 }, (_, index) => 9_990 + index));
});
