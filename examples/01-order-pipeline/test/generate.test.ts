import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { generateOrders, shipped } from "../src/generate.ts";

test("orders.ndjson is what the generator makes; if not, run node dist/generate.js", () => {
  const text = readFileSync(new URL("../orders.ndjson", import.meta.url), "utf8");
  expect(generateOrders(shipped.count, shipped.seed) === text).toBe(true);
});

test("another seed makes other orders", () => {
  expect(generateOrders(10, 1)).not.toBe(generateOrders(10, 2));
});
