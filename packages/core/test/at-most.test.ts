import { virtualClock } from "@waybill/testing";
import { expect, test } from "vitest";
import { atMost } from "../src/at-most.ts";
import { outcomeOf } from "./support.ts";

test("waits for work of any outcome, and leaves no timer", async () => {
  const clock = virtualClock(0);
  await atMost(clock, 100, Promise.resolve(1));
  await atMost(clock, 100, Promise.reject(new Error("no")));
  expect(clock.pending).toBe(0);
});

test("waits no longer than its bound", async () => {
  const clock = virtualClock(0);
  const waiting = outcomeOf(atMost(clock, 100, new Promise(() => undefined)));
  await clock.advance(99);
  expect(waiting.state).toBe("pending");
  await clock.advance(1);
  expect(waiting.state).toBe("resolved");
});
