import fc from "fast-check";
import { expect, test } from "vitest";
import { fits } from "../src/fits.ts";

test.each([
  ["order.*", "order.placed", true],
  ["order.*", "order", false],
  ["order.*", "order.placed.eu", false],
  ["order.#", "order", true],
  ["order.#", "order.placed.eu", true],
  ["order.#", "orders.placed", false],
  ["#", "anything.at.all", true],
  ["#.eu", "eu", true],
  ["#.eu", "order.placed.eu", true],
  ["*.placed.#.eu", "order.placed.a.b.eu", true],
  ["*.placed.#.eu", "order.placed.eu", true],
  ["*.placed.#.eu", "placed.eu", false],
  ["a.b", "a.b", true],
  ["a.b", "a.c", false],
])("%s and %s: %s", (pattern, name, does) => {
  expect(fits(pattern, name)).toBe(does);
});

test("it is what the regular expression of the pattern says", () => {
  const segment = fc.constantFrom("a", "b");
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom("a", "b", "*", "#"), { minLength: 1, maxLength: 6 }),
      fc.array(segment, { minLength: 1, maxLength: 6 }),
      (pattern, name) => {
        const parts = pattern.map((part) =>
          part === "#" ? "(?:[^.]+\\.)*" : part === "*" ? "[^.]+\\." : `${part}\\.`,
        );
        const expected = new RegExp(`^${parts.join("")}$`).test(`${name.join(".")}.`);
        expect(fits(pattern.join("."), name.join("."))).toBe(expected);
      },
    ),
  );
});
