import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { systemClock } from "../src/clock.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] }));
afterEach(() => void vi.useRealTimers());

const day = 86_400_000;

test("rings after the time, not before it", () => {
  const rung = vi.fn<(what?: string) => void>();
  systemClock.after(100, () => rung());
  vi.advanceTimersByTime(99);
  expect(rung).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(rung).toHaveBeenCalledTimes(1);
});

test("a fraction is not cut off", () => {
  const rung = vi.fn<(what?: string) => void>();
  systemClock.after(1.5, () => rung());
  vi.advanceTimersByTime(1);
  expect(rung).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(rung).toHaveBeenCalledTimes(1);
});

test("a delay beyond Node's limit of 24.8 days is kept, and can be taken back", () => {
  const rung = vi.fn<(what?: string) => void>();
  const cancelled = vi.fn<(what?: string) => void>();
  systemClock.after(60 * day, () => rung());
  const cancel = systemClock.after(60 * day, () => cancelled());
  vi.advanceTimersByTime(60 * day - 1);
  expect(rung).not.toHaveBeenCalled();
  cancel();
  vi.advanceTimersByTime(1);
  expect(rung).toHaveBeenCalledTimes(1);
  expect(cancelled).not.toHaveBeenCalled();
});

test("a negative delay rings at once, Infinity never", () => {
  const rung = vi.fn<(what?: string) => void>();
  systemClock.after(-5, () => rung());
  systemClock.after(Infinity, () => rung("never"))();
  expect(vi.getTimerCount()).toBe(1);
  vi.advanceTimersByTime(100 * day);
  expect(rung.mock.calls).toEqual([[]]);
});
