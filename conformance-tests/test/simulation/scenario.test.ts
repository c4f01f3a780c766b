import { expect, test } from "vitest";
import { scenarioOf } from "../../src/simulation/scenario.ts";

const seeds = Array.from({ length: 300 }, (_, seed) => seed);

test("a seed draws the same scenario each time, and each another", () => {
  const drawn = seeds.map((seed) => JSON.stringify(scenarioOf(seed)));
  expect(seeds.map((seed) => JSON.stringify(scenarioOf(seed)))).toEqual(drawn);
  expect(new Set(drawn).size).toBe(seeds.length);
});

test("seeds draw everything there is", () => {
  const scenarios = seeds.map(scenarioOf);
  const moves = new Set(scenarios.flatMap((scenario) => scenario.moves.map(({ what }) => what)));
  expect([...moves].sort()).toEqual(["crash", "freeze", "join", "leave", "pause", "redrive"]);
  const has = (what: (scenario: (typeof scenarios)[number]) => boolean): number => scenarios.filter(what).length;
  expect(has(({ kind, ordered }) => kind === "queue" && ordered)).toBeGreaterThan(20);
  expect(has(({ ordered, groups }) => ordered && groups.some((group) => !group.ordered))).toBeGreaterThan(20);
  expect(has(({ faults }) => faults.loseReply > 0 && faults.latencyMs > 0)).toBeGreaterThan(20);
  expect(has(({ tasks }) => tasks.some(({ flaws }) => flaws === Infinity))).toBeGreaterThan(100);
  expect(has(({ tasks }) => tasks.some(({ delayMs }) => delayMs !== undefined))).toBeGreaterThan(50);
});

test("only the poisoned can use up their attempts", () => {
  for (const { groups, tasks, leaseMs } of seeds.map(scenarioOf)) {
    for (const { flaws, workMs } of tasks) {
      for (const { maxAttempts, timeoutMs = Infinity } of groups) {
        expect(flaws === Infinity || flaws < maxAttempts).toBe(true);
        expect(workMs <= leaseMs * 2 && workMs < timeoutMs).toBe(true);
      }
    }
  }
});
