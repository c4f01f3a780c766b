import { expect, test } from "vitest";
import { nearest } from "../src/nearest.ts";

test.each([
  ["lease", "leaseMs"],
  ["LeaseMs", "leaseMs"],
  ["pages", "maxPages"],
  ["maxPage", "maxPages"],
  ["", "leaseMs"],
])("nearest to %j is %s", (name, known) => {
  expect(nearest(name, ["leaseMs", "maxPages"])).toBe(known);
});
