import { virtualClock } from "@waybill/testing";
import { expect, test } from "vitest";
import { Lease } from "../src/lease.ts";

function leaseOf(ms: number) {
  const clock = virtualClock(0);
  const over: number[] = [];
  const lease = new Lease(clock, ms, () => over.push(clock.now()));
  return { clock, over, lease };
}

test("a lease ends by our own clock, counted from when its renewal was sent (ACK-4)", async () => {
  const { clock, over, lease } = leaseOf(1_000);
  await clock.advance(400);
  lease.renewed(lease.name, 100);
  await clock.advance(699);
  expect(over).toEqual([]);
  await clock.advance(1);
  expect(over).toEqual([1_100]);
});

test("each renewal puts the end off, by one timer", async () => {
  const { clock, over, lease } = leaseOf(1_000);
  for (const at of [0, 300, 600, 900]) {
    await clock.advance(at - clock.now());
    lease.renewed(lease.name, at);
  }
  expect(clock.pending).toBe(1);
  await clock.advance(999);
  expect(over).toEqual([]);
  await clock.advance(1);
  expect(over).toEqual([1_900]);
});

test("what renews an earlier name renews nothing", async () => {
  const { clock, over, lease } = leaseOf(1_000);
  const before = lease.name;
  lease.renewed(before, 0);
  expect(lease.rename()).toBe(before);
  expect(lease.name).not.toBe(before);
  lease.renewed(before, 0);
  await clock.advance(5_000);
  expect(over).toEqual([]);
  expect(clock.pending).toBe(0);
});

test("a lease that has ended leaves no timer (LIF-2)", () => {
  const { clock, lease } = leaseOf(1_000);
  lease.renewed(lease.name, 0);
  lease.end();
  expect(clock.pending).toBe(0);
});
