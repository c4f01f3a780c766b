import { Buffer } from "node:buffer";
import { array, assert, boolean, integer, property, tuple } from "fast-check";
import { describe, expect, test } from "vitest";
import { Progress, progressFrom } from "../src/progress.ts";

const range = tuple(integer({ min: 0, max: 60 }), integer({ min: 1, max: 9 }));

function again(progress: Progress, hands?: { from: number; to: number }): Progress {
  const read = progressFrom(progress.base, progress.write("b", { hands, inHand: 0 }), "b");
  if (read === undefined) throw new Error("it cannot be read");
  return read;
}

describe("how far a partition is", () => {
  test("is the run of all that is finished from its base on, and what is finished above it", () => {
    assert(
      property(array(range), (ranges) => {
        const progress = new Progress(10);
        const finished = new Set<number>();
        for (const [from, length] of ranges) {
          progress.finishAll(from, from + length);
          for (let offset = from; offset < from + length; offset += 1) finished.add(offset);
        }
        let base = 10;
        while (finished.has(base)) base += 1;
        for (const read of [progress, again(progress)]) {
          expect(read.base).toBe(base);
          expect(read.above).toBe([...finished].filter((offset) => offset >= base).length);
          for (let offset = 0; offset < 80; offset += 1)
            expect(read.isDone(offset)).toBe(offset < base || finished.has(offset));
        }
      }),
    );
  });

  test("holds what waits for its retry, with its note, until that is finished", () => {
    const progress = new Progress(5);
    const retry = { failures: 2, deliveries: 3, dueAt: 99, note: { why: "é" } };
    progress.retries.set(7, retry);
    const read = again(progress);
    expect(read.retries.get(7)).toEqual(retry);
    read.finish(7);
    expect(again(read).retries.size).toBe(0);
  });

  test("counts what was in the hands of members that died, and of no others", () => {
    const progress = new Progress(5);
    progress.finish(6);
    const once = again(progress, { from: 5, to: 8 });
    expect([5, 7, 8].map((offset) => once.crashesOf(offset))).toEqual([1, 1, 0]);
    const twice = again(once, { from: 5, to: 6 });
    expect([5, 7].map((offset) => twice.crashesOf(offset))).toEqual([2, 1]);
    expect(again(twice).crashesOf(5)).toBe(2);
  });

  test("says what is in the hands of members that have let go of it", () => {
    const progress = new Progress(5);
    progress.lent.set(6, "one");
    progress.lent.set(9, "one");
    progress.lent.set(7, "two");
    const read = again(progress);
    expect(read.lent).toEqual(progress.lent);
    read.finish(6);
    expect(read.lent.has(6)).toBe(false);
  });

  test("fits into a commit, and loses no base for it", () => {
    assert(
      property(array(tuple(integer({ min: 0, max: 100_000 }), boolean()), { maxLength: 2_000 }), (offsets) => {
        const progress = new Progress(0);
        for (const [offset, isRetried] of offsets) {
          if (isRetried)
            progress.retries.set(offset, { failures: 1, deliveries: 1, dueAt: 1e13, note: { n: "x".repeat(99) } });
          else progress.finish(offset);
        }
        const written = progress.write("birth", { hands: { from: 0, to: 100_000 }, inHand: 3 });
        expect(Buffer.byteLength(written)).toBeLessThanOrEqual(4_096);
        expect(progressFrom(progress.base, written, "birth")?.base).toBe(progress.base);
      }),
      { numRuns: 20 },
    );
  });

  test("of another birth, or written by others, says nothing", () => {
    const written = new Progress(5).write("b", { hands: undefined, inHand: 0 });
    expect(progressFrom(5, written, "c")).toBeUndefined();
    for (const text of ["", "x", "[]", "null", "5"]) expect(progressFrom(5, text, "b")).toBeUndefined();
    expect(progressFrom(5, '{"b":"b","d":"x","c":[5],"r":[[]],"l":7,"h":{}}', "b")?.base).toBe(5);
  });
});
