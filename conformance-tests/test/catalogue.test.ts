import { describe, expect, test } from "vitest";
import { cases } from "../src/cases.ts";
import { casesWithoutMutant } from "../src/mutation.ts";
import { allMutants } from "../src/mutants.ts";
import { promises } from "../src/promises.ts";
import { uncoveredBy } from "../src/report.ts";

describe("the contract", () => {
  test("no promise stands twice", () => {
    expect(new Set(promises.map(({ id }) => id)).size).toBe(promises.length);
  });

  test("every case belongs to a promise, and its id begins with it", () => {
    const ids = new Set(promises.map(({ id }) => id));
    for (const { id, promise } of cases) {
      expect(ids).toContain(promise);
      expect(id.split("/")[0]).toBe(promise);
    }
    expect(new Set(cases.map(({ id }) => id)).size).toBe(cases.length);
  });

  test("a promise is either shown by a case or listed as not covered", () => {
    const covered = new Set(cases.map(({ promise }) => promise));
    const uncovered = uncoveredBy(cases, promises).map(({ id }) => id);
    expect([...covered, ...uncovered].toSorted()).toEqual(promises.map(({ id }) => id).toSorted());
  });
});

describe("mutants", () => {
  test("every case has one that it must catch", () => {
    expect(casesWithoutMutant()).toEqual([]);
  });

  test("every mutant has a name of its own and cases that are there", () => {
    expect(new Set(allMutants.map(({ name }) => name)).size).toBe(allMutants.length);
    const ids = cases.map(({ id }) => id);
    for (const { caughtBy } of allMutants) {
      expect(caughtBy.length).toBeGreaterThan(0);
      for (const id of caughtBy) expect(ids).toContain(id);
    }
  });
});
