import { expect, test } from "vitest";
import { Stops } from "../../src/chaos/stops.ts";

test("each stop of a member counts, however often it is stopped, and for nobody else", () => {
  const stops = new Stops();
  stops.add("billing 0", 100, 200);
  stops.add("billing 0", 300, 400);
  const inside = [99, 100, 200, 201, 300, 400, 401].filter((at) => stops.has("billing 0", at));
  expect(inside).toEqual([100, 200, 300, 400]);
  expect(stops.has("billing 1", 150)).toBe(false);
});
