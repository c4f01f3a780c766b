import fc from "fast-check";
import { expect, test } from "vitest";
import { KeyedGate } from "../src/keyed-gate.ts";

/** The same by hand: of each key the items in order, the first one being inside. */
class Model {
  readonly #lines = new Map<string, number[]>();

  enter(key: string, item: number): boolean {
    const line = this.#lines.get(key);
    this.#lines.set(key, [...(line ?? []), item]);
    return line === undefined;
  }

  leave(key: string): number | undefined {
    const line = this.#lines.get(key)?.slice(1) ?? [];
    if (line.length === 0) this.#lines.delete(key);
    else this.#lines.set(key, line);
    return line[0];
  }

  get keys(): number {
    return this.#lines.size;
  }

  get waiting(): number {
    return [...this.#lines.values()].reduce((sum, { length }) => sum + length - 1, 0);
  }
}

test("of each key one at a time, in the order they came, and nobody is forgotten", () => {
  const command = fc.record({
    does: fc.constantFrom("enter", "enter", "leave"),
    key: fc.constantFrom("a", "b", "", "__proto__"),
  });
  fc.assert(
    fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
      const gate = new KeyedGate<number>();
      const model = new Model();
      for (const [item, { does, key }] of commands.entries()) {
        const [real, expected] = [gate, model].map((each) =>
          does === "enter" ? each.enter(key, item) : each.leave(key),
        );
        expect(real).toBe(expected);
        expect([gate.keys, gate.waiting]).toEqual([model.keys, model.waiting]);
      }
    }),
  );
});

test("keys that are done leave nothing behind", () => {
  const gate = new KeyedGate<string>();
  for (let index = 0; index < 1_000; index += 1) {
    gate.enter(`key-${index}`, "first");
    gate.enter(`key-${index}`, "second");
    expect(gate.leave(`key-${index}`)).toBe("second");
    expect(gate.leave(`key-${index}`)).toBeUndefined();
  }
  expect([gate.keys, gate.waiting]).toEqual([0, 0]);
});

test("a key with a long line costs no more an item than one with a short line", () => {
  const length = 200_000;
  const gate = new KeyedGate<number>();
  for (let item = 0; item <= length; item += 1) gate.enter("hot", item);
  const startedAt = performance.now();
  for (let item = 0; item < length; item += 1) gate.leave("hot");
  // A copy of the line for each would take seconds; this takes some 10 ms.
  expect(performance.now() - startedAt).toBeLessThan(500);
});
