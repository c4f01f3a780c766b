import { expect, test } from "vitest";
import { Absences } from "../src/absences.ts";

function hearing(): { readonly absences: Absences; readonly heard: (name: string, afterMs: number) => boolean } {
  let now = 1_000_000;
  const absences = new Absences({ now: () => now }, 3_000);
  const heard = (name: string, afterMs: number): boolean => {
    now += afterMs;
    return absences.isBelieved(name);
  };
  return { absences, heard };
}

test("what is said to be missing is believed when it was said for so long, of each by itself", () => {
  const { heard } = hearing();
  expect([heard("a", 0), heard("a", 2_999), heard("b", 0), heard("a", 1), heard("b", 2_998)]).toEqual([
    false,
    false,
    false,
    true,
    false,
  ]);
});

test("what was there meanwhile, or of which nothing was said for ten seconds, is doubted anew", () => {
  const { absences, heard } = hearing();
  heard("a", 0);
  absences.seen("a");
  expect(heard("a", 4_000)).toBe(false);
  expect(heard("a", 10_001)).toBe(false);
  expect([heard("a", 2_999), heard("a", 1)]).toEqual([false, true]);
});
