import { expect, test } from "vitest";
import { nearest } from "../src/nearest.ts";

const known = ["concurrency", "retry", "timeout", "maxHeldBytes", "url"];

test.each([
  ["concurency", "concurrency"],
  ["Timeout", "timeout"],
  ["tiemout", "timeout"],
  ["retries", "retry"],
  ["ulr", "url"],
  ["maxheldbytes", "maxHeldBytes"],
])("%s: did you mean %s?", (word, meant) => {
  expect(nearest(word, known)).toBe(meant);
});

test.each(["", "x", "elephant", "concurrencies-per-second"])("nothing is near %j", (word) => {
  expect(nearest(word, known)).toBeUndefined();
});
