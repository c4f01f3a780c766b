import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { check } from "../../src/checker/checker.ts";
import { type GroupVerdict, type Verdict, verdictTable } from "../../src/checker/verdict.ts";
import type { History, HistoryEvent } from "../../src/checker/history.ts";

const groups = ["a", "b"];

/** Ten messages of two keys, the last one poisoned, handled in order by both groups. */
const events: readonly HistoryEvent[] = Array.from({ length: 10 }, (_, n) => n).flatMap((n): HistoryEvent[] => {
  const poisoned = n === 9;
  const copies = groups.flatMap((group): HistoryEvent[] => [
    { kind: "deliver", n, group, at: 100 + n },
    poisoned ? { kind: "dead", n, group } : { kind: "done", n, group, at: 100.5 + n },
  ]);
  return [
    { kind: "invoke", n, key: `k${n % 2}`, poisoned, deliverAt: n === 8 ? 105 : undefined },
    { kind: "ok", n },
    ...copies,
  ];
});

const history: History = { groups, ordered: true, events };

function judged(changed: readonly HistoryEvent[], ordered = true): Verdict {
  return check({ groups, ordered, events: changed });
}

function groupOf(verdict: Verdict, group = "a"): GroupVerdict {
  const found = verdict.groups.find((one) => one.group === group);
  if (found === undefined) throw new Error(`no verdict of ${group}`);
  return found;
}

function without(kind: HistoryEvent["kind"], n: number, group: string | undefined): readonly HistoryEvent[] {
  return events.filter(
    (event) => !(event.kind === kind && event.n === n && (!("group" in event) || event.group === group)),
  );
}

describe("a history in which all is well", () => {
  test("is kept", () => {
    expect(check(history)).toMatchObject({ kept: true, published: 10, confirmed: 10, unknown: 0 });
  });

  test("is kept also with duplicates, which are counted", () => {
    const verdict = judged([
      ...events,
      { kind: "deliver", n: 3, group: "a", at: 103.2 },
      { kind: "done", n: 3, group: "a", at: 200 },
    ]);
    expect(verdict.kept).toBe(true);
    expect(groupOf(verdict).duplicated).toEqual([3]);
  });

  test("is kept also where an unknown message came or did not come", () => {
    const unknown = events.map((event): HistoryEvent =>
      event.kind === "ok" && event.n === 4 ? { kind: "unknown", n: 4 } : event,
    );
    expect(judged(unknown)).toMatchObject({ kept: true, unknown: 1 });
    expect(judged(unknown.filter((event) => event.n !== 4 || event.kind === "invoke"))).toMatchObject({
      kept: true,
      unknown: 1,
    });
  });

  test("is kept also where an interrupted message is delivered again before its successor", () => {
    expect(judged([...events, { kind: "deliver", n: 2, group: "a", at: 102.5 }]).kept).toBe(true);
  });
});

describe("one event changed", () => {
  test("a confirmed message that was never handled to the end is lost, in its group alone", () => {
    const verdict = judged(without("done", 5, "a"));
    expect(groupOf(verdict).lost).toEqual([5]);
    expect(groupOf(verdict, "b").lost).toEqual([]);
    expect(verdict.kept).toBe(false);
  });

  test("any one of the handlings or dead letters missing is noticed", () => {
    const ends = events.filter((event) => event.kind === "done" || event.kind === "dead");
    fc.assert(
      fc.property(fc.constantFrom(...ends), (missing) => {
        const verdict = judged(events.filter((event) => event !== missing));
        expect(groupOf(verdict, "group" in missing ? missing.group : "").lost).toEqual([missing.n]);
      }),
    );
  });

  test("what was never published, or reported as not stored, is unexpected", () => {
    expect(groupOf(judged([...events, { kind: "deliver", n: 77, group: "a", at: 1 }])).unexpected).toEqual([77]);
    const failed = events.map((event): HistoryEvent =>
      event.kind === "ok" && event.n === 4 ? { kind: "fail", n: 4 } : event,
    );
    expect(groupOf(judged(failed)).unexpected).toEqual([4]);
  });

  test("any two messages of one key swapped are out of order, unless order was not asked for", () => {
    const at = (n: number, when: number): readonly HistoryEvent[] =>
      events.map((event) =>
        event.kind === "deliver" && event.n === n && event.group === "a" ? { ...event, at: when } : event,
      );
    expect(groupOf(judged(at(2, 104.5))).disordered).toEqual([2]);
    expect(judged(at(2, 104.5), false).kept).toBe(true);
    expect(judged(at(2, 103.5)).kept).toBe(true);
  });

  test("a message delivered again after its successor is out of order", () => {
    expect(groupOf(judged([...events, { kind: "deliver", n: 2, group: "a", at: 104.5 }])).disordered).toEqual([2]);
  });

  test("where a key may be rewound, what follows has to come again too", () => {
    const rewound = (...again: readonly number[]): GroupVerdict => {
      const repeats = again.map((n, index): HistoryEvent => ({ kind: "deliver", n, group: "a", at: 120 + index }));
      return groupOf(check({ groups, ordered: true, rewinds: true, events: [...events, ...repeats] }));
    };
    expect(rewound(5, 7, 9).disordered).toEqual([]);
    expect(rewound(9).disordered).toEqual([]);
    expect(rewound(5, 9).disordered).toEqual([5]);
    expect(rewound(5, 9, 7).disordered).toEqual([7]);
    // It has come again, though to a member that was stopped past its lease.
    const stopped: HistoryEvent = { kind: "deliver", n: 7, group: "a", at: 121, zombie: true };
    const half = [
      ...events,
      ...[5, 9].map((n, at): HistoryEvent => ({ kind: "deliver", n, group: "a", at: 120 + 2 * at })),
    ];
    expect(groupOf(check({ groups, ordered: true, rewinds: true, events: half })).disordered).toEqual([5]);
    expect(groupOf(check({ groups, ordered: true, rewinds: true, events: [...half, stopped] })).disordered).toEqual([]);
    expect(groupOf(judged(events.concat({ kind: "deliver", n: 7, group: "a", at: 120 }))).disordered).toEqual([7]);
  });

  test("a message before its time is early", () => {
    const early = events.map((event) => (event.kind === "deliver" && event.n === 8 ? { ...event, at: 103 } : event));
    expect(groupOf(judged(early, false)).early).toEqual([8]);
  });

  test("dead letters are exactly the poisoned, once", () => {
    expect(groupOf(judged([...events, { kind: "dead", n: 1, group: "a" }])).wronglyDead).toEqual([1]);
    expect(groupOf(judged([...events, { kind: "dead", n: 9, group: "a" }])).wronglyDead).toEqual([9]);
    const handled = [...without("dead", 9, "a"), { kind: "done", n: 9, group: "a", at: 200 } as const];
    expect(groupOf(judged(handled)).notDead).toEqual([9]);
  });
});

test("the table says what is broken", () => {
  expect(verdictTable(check(history))).toMatch(/every promise was kept/);
  expect(verdictTable(judged(without("done", 5, "a")))).toMatch(/BROKEN\na lost: 5/);
});
