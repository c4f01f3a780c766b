import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { check } from "../../src/checker/checker.ts";
import type { HistoryEvent } from "../../src/checker/history.ts";
import { type Flaw, rules } from "../../src/checker/rules.ts";
import { flaws, type Verdict } from "../../src/checker/verdict.ts";

const groups = ["a", "b"] as const;

interface Plan {
  readonly key: number;
  readonly poisoned: boolean;
  readonly outcome: "ok" | "unknown" | "fail" | "none";
  /** Whether one of unknown outcome was stored. */
  readonly stored: boolean;
  /** How often it is delivered before the time it ends. */
  readonly interrupted: number;
}

/** A history in which all is well: each message in its turn, after as many interruptions as the plan says. */
function history(plans: readonly Plan[]): readonly HistoryEvent[] {
  return plans.flatMap(({ key, poisoned, outcome, stored, interrupted }, n): readonly HistoryEvent[] => {
    const at = n * 10;
    const published: readonly HistoryEvent[] = [
      { kind: "invoke", n, key: `k${key}`, poisoned, deliverAt: at },
      ...(outcome === "none" ? [] : [{ kind: outcome, n } as const]),
    ];
    if (outcome === "fail" || (outcome !== "ok" && !stored)) return published;
    const seen = groups.flatMap((group): readonly HistoryEvent[] => [
      ...Array.from({ length: interrupted }, (_, time) => ({ kind: "deliver", n, group, at: at + time }) as const),
      { kind: "deliver", n, group, at: at + 5 },
      poisoned ? { kind: "dead", n, group } : { kind: "done", n, group, at: at + 6 },
    ]);
    return [...published, ...seen];
  });
}

const plan: fc.Arbitrary<Plan> = fc.record({
  key: fc.nat(2),
  poisoned: fc.boolean(),
  outcome: fc.constantFrom("ok", "ok", "ok", "unknown", "fail", "none"),
  stored: fc.boolean(),
  interrupted: fc.nat(2),
});
const sure: Plan = { key: 0, poisoned: false, outcome: "ok", stored: true, interrupted: 0 };
const plans = fc.array(plan, { minLength: 1, maxLength: 30 }).map((some) => [sure, ...some]);

function judged(events: readonly HistoryEvent[], judgedBy = rules): Verdict {
  return check({ groups, ordered: true, events }, judgedBy);
}

function flawsOf(verdict: Verdict): readonly Flaw[] {
  return flaws.filter((flaw) => verdict.groups.some((group) => group[flaw].length > 0));
}

const isAbout = (kind: HistoryEvent["kind"], n: number, group: string) => (event: HistoryEvent) =>
  event.kind === kind && event.n === n && "group" in event && event.group === group;

/** Three of a key, the last one poisoned. */
const good = history([sure, sure, { ...sure, poisoned: true }]);

function without(kind: HistoryEvent["kind"], n: number): readonly HistoryEvent[] {
  return good.filter((event) => !isAbout(kind, n, "a")(event));
}

function moved(kind: "deliver" | "done", n: number, at: number): readonly HistoryEvent[] {
  return good.map((event) => (isAbout(kind, n, "a")(event) ? ({ ...event, at } as HistoryEvent) : event));
}

/** For each rule a history that only this rule finds broken. */
const broken: Readonly<Record<string, readonly HistoryEvent[]>> = {
  "confirmed, and neither handled to the end nor dead": without("done", 1),
  "seen, and never published": [...good, { kind: "deliver", n: 9, group: "a", at: 50 }],
  "seen, and reported as not stored": [
    ...good,
    { kind: "invoke", n: 9 },
    { kind: "fail", n: 9 },
    { kind: "deliver", n: 9, group: "a", at: 50 },
  ],
  "handled to the end more often than it was delivered": without("deliver", 1),
  "dead, and never delivered": without("deliver", 2),
  "delivered after a later one of its key": [...good, { kind: "deliver", n: 0, group: "a", at: 18 }],
  "delivered before an earlier one of its key had been handled to the end": moved("done", 0, 17),
  "delivered before its time": moved("deliver", 1, 8),
  "dead, and not poisoned": [...without("done", 1), { kind: "dead", n: 1, group: "a" }],
  "dead twice": [...good, { kind: "dead", n: 2, group: "a" }],
  "dead, and handled to the end": [...good, { kind: "done", n: 2, group: "a", at: 26 }],
  "poisoned and confirmed, and not dead": [...without("dead", 2), { kind: "done", n: 2, group: "a", at: 26 }],
};

describe("each rule", () => {
  test("has a history that breaks it", () => {
    expect(Object.keys(broken).toSorted()).toEqual(rules.map(({ name }) => name).toSorted());
  });

  test.each(rules.map((rule) => [rule.name, rule] as const))("%s: is found by this rule and no other", (name, rule) => {
    const events = broken[name] ?? [];
    expect(flawsOf(judged(events))).toEqual([rule.flaw]);
    expect(judged(events).kept).toBe(false);
    // Who switches it off is told here.
    const others = rules.filter((other) => other !== rule);
    expect(judged(events, others).kept).toBe(true);
  });
});

describe("of any history in which all is well", () => {
  test("nothing is found", () => {
    fc.assert(
      fc.property(plans, (all) => {
        expect(judged(history(all)).kept).toBe(true);
      }),
    );
  });

  test("any single loss is found, in its group alone", () => {
    fc.assert(
      fc.property(plans, fc.nat(), fc.constantFrom(...groups), (all, which, group) => {
        const confirmed = all.flatMap(({ outcome }, n) => (outcome === "ok" ? [n] : []));
        const n = confirmed[which % confirmed.length] ?? 0;
        const events = history(all).filter(
          (event) => !isAbout("done", n, group)(event) && !isAbout("dead", n, group)(event),
        );
        const verdict = judged(events);
        expect(verdict.kept).toBe(false);
        for (const one of verdict.groups) expect(one.lost).toEqual(one.group === group ? [n] : []);
      }),
    );
  });

  test("the order in which the processes' events are mixed does not matter", () => {
    const isPublish = ({ kind }: HistoryEvent): boolean => kind !== "deliver" && kind !== "done" && kind !== "dead";
    fc.assert(
      fc.property(plans, (all) => {
        const events = history(all);
        const mixed = [...events.filter((event) => !isPublish(event)).toReversed(), ...events.filter(isPublish)];
        expect(judged(mixed).groups.map(({ lost, disordered }) => [lost, disordered])).toEqual([
          [[], []],
          [[], []],
        ]);
      }),
    );
  });

  test("two of a key swapped are found", () => {
    fc.assert(
      fc.property(fc.nat(8), (n) => {
        const events = history(Array.from({ length: 10 }, () => sure)).map((event): HistoryEvent => {
          if (!("at" in event) || event.group !== "a") return event;
          if (event.n === n) return { ...event, at: event.at + 10 };
          return event.n === n + 1 ? { ...event, at: event.at - 10 } : event;
        });
        expect(judged(events).groups[0]?.disordered).toContain(n);
        expect(check({ groups, ordered: false, events }).groups[0]?.disordered).toEqual([]);
      }),
    );
  });

  test("a group that saw nothing has lost everything", () => {
    fc.assert(
      fc.property(plans, (all) => {
        const events = history(all).filter((event) => !("group" in event) || event.group !== "b");
        const confirmed = all.flatMap(({ outcome }, n) => (outcome === "ok" ? [n] : []));
        expect(judged(events).groups[1]?.lost).toEqual(confirmed);
        expect(judged(events).groups[0]?.lost).toEqual([]);
      }),
    );
  });

  test("handlings more than one are counted, and break nothing", () => {
    fc.assert(
      fc.property(plans, (all) => {
        const sound = all.findLastIndex(({ outcome, poisoned }) => outcome === "ok" && !poisoned);
        const group = "a";
        const at = sound * 10 + 5.5;
        const again = [
          { kind: "deliver", n: sound, group, at },
          { kind: "done", n: sound, group, at: at + 1 },
        ] as const;
        const verdict = judged([...history(all), ...again]);
        expect([verdict.kept, verdict.groups[0]?.duplicated]).toEqual([true, [sound]]);
      }),
    );
  });
});

test("what a zombie begins says nothing of the order, and still counts as a delivery", () => {
  const late = { kind: "deliver", n: 0, group: "a", at: 18 } as const;
  expect(judged([...good, { ...late, zombie: true }]).kept).toBe(true);
  expect(judged([...good, late]).kept).toBe(false);
  expect(judged([...good, { kind: "deliver", n: 9, group: "a", at: 18, zombie: true }]).groups[0]?.unexpected).toEqual([
    9,
  ]);
});

test("a run in which nothing was confirmed shows nothing", () => {
  expect(judged([])).toMatchObject({ kept: false, confirmed: 0 });
  expect(judged([{ kind: "invoke", n: 0 }]).kept).toBe(false);
});

test.each<[string, HistoryEvent, RegExp]>([
  ["a group that is not the history's", { kind: "deliver", n: 0, group: "c", at: 1 }, /group "c" is not one/],
  ["a second publish of one number", { kind: "invoke", n: 0 }, /0 is published twice/],
  ["a second end of a publish", { kind: "fail", n: 0 }, /0 is ok and then fail/],
  ["an end without a publish", { kind: "ok", n: 5 }, /5 is ok before it is published/],
])("%s is refused", (_, event, message) => {
  expect(() => judged([...good, event])).toThrow(message);
});
