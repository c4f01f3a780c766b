import { virtualClock } from "@waybill/testing";
import { expect, test } from "vitest";
import { Budget } from "../src/budget.ts";
import { WaybillError } from "../src/errors.ts";
import { Lane } from "../src/lane.ts";
import type { SendResult } from "../src/seam.ts";
import { outcomeOf, wire } from "./support.ts";

const later: SendResult = { outcome: "refused", error: new WaybillError("UNAVAILABLE", "not yet") };
const never: SendResult = { outcome: "refused", error: new WaybillError("TOO_LARGE", "too large") };

test("what waits is stuck since something was last answered for good", async () => {
  const clock = virtualClock(0);
  const answers: ((result: SendResult) => void)[] = [];
  const lane = new Lane({
    depth: 1,
    maxBatch: 10,
    budget: new Budget(1e9),
    clock,
    backoff: () => 100,
    send: (batch) => new Promise((resolve) => answers.push((result) => resolve(batch.map(() => result)))),
  });
  const push = (id: string): unknown => outcomeOf(lane.push(wire(id), 10_000, undefined, id));
  const answer = (result: SendResult): void => answers.shift()?.(result);
  expect([lane.pending, lane.stuckSince]).toEqual([0, undefined]);
  await clock.advance(1_000);
  push("a");
  await clock.advance(1_000);
  push("b");
  expect([lane.pending, lane.stuckSince]).toEqual([2, 1_000]);
  answer("stored");
  await clock.flush();
  expect([lane.pending, lane.stuckSince]).toEqual([1, 2_000]);
  await clock.advance(1_000);
  answer(later);
  await clock.advance(200);
  expect([lane.pending, lane.stuckSince]).toEqual([1, 2_000]);
  answer(never);
  await clock.flush();
  expect([lane.pending, lane.stuckSince]).toEqual([0, undefined]);
});
