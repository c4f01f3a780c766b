import { writeFile } from "node:fs/promises";
import process from "node:process";
import { type Adapter, jitteredBackoff, type Manifest, type Shape, systemClock } from "@waybill/core";
import { Bench } from "./bench.ts";
import { cases } from "./cases.ts";
import type { Controls } from "./controls.ts";
import { type Entry, judge, type Manifests, type Outcome, planOf, type Waiver } from "./plan.ts";
import { promises } from "./promises.ts";
import { type Claim, refusals } from "./refusals.ts";
import { reportOf, summaryOf } from "./report.ts";
import type { Setup } from "./setup.ts";
import { oneByOne, sideBySide, tellAsserted, type TestRunner, testTimeout } from "./test-runner.ts";

export interface ConformanceOptions {
  /** `describe` and `test` of vitest or `node:test`. */
  readonly runner: TestRunner;
  readonly adapter: Adapter;
  /** Called for each case: the same URL each time, or one of the case's own where that is cheap. */
  readonly url: () => string | URL;
  /** The adapter's own options; a short lease makes the suite faster. */
  readonly options?: unknown;
  readonly controls?: Controls | undefined;
  readonly waivers?: readonly Waiver[] | undefined;
  /** Where to write the report as JSON, after a run of all cases. */
  readonly report?: URL | undefined;
}

/**
 * Defines a test for each case that the adapter owes by its manifest, and one for each claim it does not make. Await it at the
 * top of the test file: it connects once, to read the manifest.
 * @throws TypeError for a waiver that cannot be
 */
export async function conformance(options: ConformanceOptions): Promise<void> {
  const { runner, adapter, controls = {}, waivers = [] } = options;
  const setup = setupOf(options);
  const manifests = await manifestsOf(setup);
  const entries = planOf({ cases, manifests, controls, waivers });
  const outcomes = new Map<string, Outcome>();
  const define = (entry: Entry): void => {
    const { id, shows } = entry.case;
    runner.test(`${id}: ${shows}`, { timeout: testTimeout }, async (context) => {
      const bench = new Bench(setup, manifests[entry.case.on ?? "queue"]);
      const outcome = judge(entry, await rejectionOf(bench, () => entry.case.run(bench)));
      outcomes.set(id, outcome);
      tellAsserted(context);
      if (outcome.state === "failed") throw outcome.error;
    });
  };
  const runnable = entries.filter(({ status }) => status === "owed" || status === "waived");
  runner.describe(`conformance of ${adapter.name}`, sideBySide, () => {
    for (const entry of runnable) if (entry.case.alone !== true) define(entry);
    for (const claim of unclaimed(entries)) defineRefusal(runner, setup, claim, manifests.queue);
  });
  runner.describe(`conformance of ${adapter.name}, one by one`, oneByOne, () => {
    for (const entry of runnable) if (entry.case.alone === true) define(entry);
    runner.test("report", { timeout: testTimeout }, async (context) => {
      const report = reportOf(adapter.name, entries, outcomes, promises);
      process.stdout.write(`${summaryOf(report)}\n`);
      const complete = runnable.every((entry) => outcomes.has(entry.case.id));
      if (options.report !== undefined && complete)
        await writeFile(options.report, `${JSON.stringify(report, null, 2)}\n`);
      tellAsserted(context);
    });
  });
}

/** The options as every case sees them, nothing broken. */
export function setupOf({ adapter, url, options, controls = {} }: ConformanceOptions): Setup {
  return {
    adapter,
    url,
    options,
    controls,
    mutate: (same) => same,
    mutant: undefined,
    boundMs: 10_000,
    closeMs: 10_000,
  };
}

/** Reads the manifests through a connection of its own. */
export async function manifestsOf(setup: Setup): Promise<Manifests> {
  const transport = await setup.mutate(setup.adapter).connect(new URL(setup.url()), {
    namespace: "manifest",
    topology: "create",
    options: setup.options,
    clock: systemClock,
    random: Math.random,
    backoff: jitteredBackoff(Math.random),
    report: () => undefined,
  });
  const of = (kind: Shape["kind"], ordered: boolean): Manifest =>
    transport.supports({ kind, ordered, priorities: 1, retainMs: 0 });
  const manifests: Manifests = {
    queue: of("queue", false),
    topic: of("topic", false),
    "ordered queue": of("queue", true),
    "ordered topic": of("topic", true),
  };
  await transport.close();
  return manifests;
}

/** Runs it and closes the bench, whatever happens; gives what it rejected with. */
export async function rejectionOf(
  bench: Bench,
  run: () => Promise<void>,
): Promise<{ readonly error: unknown } | undefined> {
  try {
    await run();
    return undefined;
  } catch (error) {
    return { error };
  } finally {
    await bench.end();
  }
}

function unclaimed(entries: readonly Entry[]): ReadonlySet<Claim> {
  return new Set(entries.flatMap((entry) => (entry.status === "unclaimed" ? [entry.claim] : [])));
}

function defineRefusal(runner: TestRunner, setup: Setup, claim: Claim, manifest: Manifest): void {
  runner.test(`CAP-1/refuses ${claim}: what is not claimed is refused`, { timeout: testTimeout }, async (context) => {
    const bench = new Bench(setup, manifest);
    const rejected = await rejectionOf(bench, () => refusals[claim](bench));
    tellAsserted(context);
    if (rejected !== undefined) throw rejected.error;
  });
}
