import { virtualClock } from "@waybill/testing";
import { expect, test } from "vitest";
import { Expiry } from "../src/expiry.ts";

function expiry() {
  const clock = virtualClock(0);
  const over: number[] = [];
  return { clock, over, expiry: new Expiry(clock, () => over.push(clock.now())) };
}

test("it is told once, at its end (ACK-4)", async () => {
  const { clock, over, expiry: watched } = expiry();
  watched.extend(1_000);
  expect(watched.isOver).toBe(false);
  await clock.advance(999);
  expect(over).toEqual([]);
  await clock.advance(1);
  expect(over).toEqual([1_000]);
  expect(watched.isOver).toBe(true);
  await clock.advance(5_000);
  expect(over).toEqual([1_000]);
});

test("it is put off by one timer, and never brought nearer", async () => {
  const { clock, over, expiry: watched } = expiry();
  for (const until of [1_000, 2_000, 1_500]) watched.extend(until);
  expect(clock.pending).toBe(1);
  await clock.advance(1_999);
  expect(over).toEqual([]);
  await clock.advance(1);
  expect(over).toEqual([2_000]);
});

test("ended, it leaves no timer (LIF-2), and can begin again", async () => {
  const { clock, over, expiry: watched } = expiry();
  watched.extend(1_000);
  watched.end();
  expect(clock.pending).toBe(0);
  expect(watched.isOver).toBe(true);
  watched.extend(500);
  await clock.advance(500);
  expect(over).toEqual([500]);
});
