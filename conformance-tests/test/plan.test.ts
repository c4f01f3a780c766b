import type { Manifest } from "@waybill/core";
import { describe, expect, test } from "vitest";
import { type Case, casesOf, type OwedRule } from "../src/case.ts";
import { always, delay, every, forks, kills, order, stops, topics, where } from "../src/owed.ts";
import { type Entry, judge, type Manifests, planOf, type Waiver } from "../src/plan.ts";

const nothing = { order: "none", maxDelay: 0, can: new Set() } as unknown as Manifest;
const everything = { order: "key", maxDelay: Infinity, can: new Set(["topics"]) } as unknown as Manifest;

function manifests(manifest: Manifest): Manifests {
  return { queue: manifest, topic: manifest, "ordered queue": manifest, "ordered topic": manifest };
}

function fake(id: string, owed: OwedRule): Case {
  return { id, promise: "PUB-1", shows: "nothing", owed, run: () => Promise.resolve() };
}

function planned(one: Case, manifest: Manifest, waivers: readonly Waiver[] = []): Entry | undefined {
  return planOf({ cases: [one], manifests: manifests(manifest), controls: {}, waivers })[0];
}

describe("what is owed", () => {
  test("a case is owed where the manifest claims what it is about", () => {
    for (const rule of [always, topics, order, delay, every(topics, order)]) {
      expect(planned(fake("X", rule), everything)).toMatchObject({ status: "owed" });
    }
  });

  test("what the manifest does not claim is unclaimed, by its name", () => {
    expect(planned(fake("X", topics), nothing)).toMatchObject({ status: "unclaimed", claim: "topics" });
    expect(planned(fake("X", every(always, order)), nothing)).toMatchObject({ status: "unclaimed", claim: "order" });
    expect(planned(fake("X", delay), nothing)).toMatchObject({ status: "unclaimed", claim: "delay" });
  });

  test("what the suite cannot do is needed, by its name", () => {
    for (const rule of [kills, stops, forks]) {
      expect(planned(fake("X", rule), everything)).toMatchObject({ status: "needs" });
    }
    expect(
      planned(
        fake(
          "X",
          where("a small limit", () => false),
        ),
        everything,
      ),
    ).toMatchObject({ what: "a small limit" });
  });

  test("controls make cases owed", () => {
    const crash = (): void => undefined;
    expect(kills(everything, { crash })).toBe("owed");
    expect(stops(everything, { freeze: crash, thaw: crash })).toBe("owed");
    expect(stops(everything, { freeze: crash })).not.toBe("owed");
    const processes = { module: "x" };
    for (const rule of [kills, stops, forks]) expect(rule(everything, { processes })).toBe("owed");
  });

  test("a case is owed by the manifest of its own ground", () => {
    const one: Case = { ...fake("X", order), on: "ordered queue" };
    const mixed = { ...manifests(nothing), "ordered queue": everything };
    expect(planOf({ cases: [one], manifests: mixed, controls: {}, waivers: [] })[0]?.status).toBe("owed");
  });
});

describe("waivers", () => {
  const waiver = { case: "X", reason: "the broker forgets; issue 7" };

  test("a waived case that fails is waived", () => {
    const entry = planned(fake("X", always), everything, [waiver]) as Entry;
    expect(entry).toMatchObject({ status: "waived", reason: waiver.reason });
    expect(judge(entry, { error: new Error("as expected") })).toMatchObject({ state: "waived" });
  });

  test("a waived case that passes turns the run red, with the reason", () => {
    const entry = planned(fake("X", always), everything, [waiver]) as Entry;
    const { state, error } = judge(entry, undefined);
    expect(state).toBe("failed");
    expect(String(error)).toMatch(/waiver of X is stale.*issue 7/);
  });

  test("a waiver without a reason, without a case, or of a case that is not owed cannot be", () => {
    const one = fake("X", topics);
    expect(() => planned(one, everything, [{ case: "X", reason: " " }])).toThrow(/no reason/);
    expect(() => planned(one, everything, [{ case: "Y", reason: "why" }])).toThrow(/no case/);
    expect(() => planned(one, nothing, [waiver])).toThrow(/not owed/);
  });
});

test("an owed case passes or fails as it runs", () => {
  const entry = planned(fake("X", always), everything) as Entry;
  const error = new Error("broken");
  expect(judge(entry, undefined)).toEqual({ state: "passed", error: undefined });
  expect(judge(entry, { error })).toEqual({ state: "failed", error });
  expect(judge(entry, { error: undefined }).state).toBe("failed");
});

test("cases of a promise carry its id", () => {
  const { id: _, promise: __, ...rest } = fake("", always);
  expect(casesOf("DLQ-5", { "": rest, discard: rest }).map(({ id, promise }) => [id, promise])).toEqual([
    ["DLQ-5", "DLQ-5"],
    ["DLQ-5/discard", "DLQ-5"],
  ]);
});
