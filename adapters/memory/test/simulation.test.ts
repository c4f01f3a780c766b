import { bugs, failureReport, memorySubject, simulate } from "@waybill/conformance/simulation";
import { adapter } from "@waybill/memory";
import { expect, test } from "vitest";

test("every promise is kept through hundreds of interleavings", { timeout: 60_000 }, async () => {
  const subject = memorySubject(adapter);
  for (let seed = 0; seed < 200; seed += 1) {
    const run = await simulate(subject, seed);
    expect(run.violations.length > 0 && failureReport(run)).toBe(false);
  }
});

test("a seed replays byte for byte, also after others", async () => {
  const subject = memorySubject(adapter);
  const play = async (seed: number): Promise<string> => (await simulate(subject, seed)).lines.join("\n");
  const first: string[] = [];
  for (let seed = 0; seed < 30; seed += 1) first.push(await play(seed));
  expect(new Set(first).size).toBe(30);
  for (let seed = 29; seed >= 0; seed -= 1) expect(await play(seed)).toBe(first[seed]);
});

test.each(bugs)("a bug that $name is found within a thousand seeds, and its seed replays", async ({ plant }) => {
  const subject = memorySubject(adapter, plant);
  let seed = 0;
  let run = await simulate(subject, seed);
  while (run.violations.length === 0 && seed < 1_000) run = await simulate(subject, (seed += 1));
  expect(run.violations.length).toBeGreaterThan(0);
  expect(await simulate(subject, seed)).toEqual(run);
});
