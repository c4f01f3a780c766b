import { AssertionError } from "node:assert";
import { WaybillError } from "@waybill/core";
import { Bench } from "./bench.ts";
import type { Case } from "./case.ts";
import { cases } from "./cases.ts";
import { type ConformanceOptions, manifestsOf, rejectionOf, setupOf } from "./conformance.ts";
import type { Mutant } from "./mutant.ts";
import { allMutants } from "./mutants.ts";
import { type Entry, planOf } from "./plan.ts";
import type { Setup } from "./setup.ts";
import { oneByOne, sideBySide, tellAsserted, testTimeout } from "./test-runner.ts";

export interface MutantsOptions extends Omit<ConformanceOptions, "report" | "waivers"> {
  /**
   * How long is waited for what a carrier does, ms. What a mutant withholds is waited for in vain, so it should be short, but longer than
   * the carrier takes, or what is only slow is taken for caught. Default 1 000.
   */
  readonly patienceMs?: number | undefined;
  /**
   * Also shows that this is long enough: each case that has to catch a mutant passes with nothing broken. Where other work slows the
   * machine down that fails, so it is for runs by hand.
   */
  readonly control?: boolean | undefined;
}

const closeMs = 300;
const caseMs = 100_000;

/**
 * Defines a test for each case and each mutant of the adapter that this case has to notice: the case must fail on it. Proves that the
 * suite has teeth on this adapter; await it beside `conformance`, with the same options.
 */
export async function mutation(options: MutantsOptions): Promise<void> {
  const { runner, adapter, controls = {}, patienceMs = 1_000, control = false } = options;
  const setup = { ...setupOf(options), boundMs: patienceMs, closeMs };
  const manifests = await manifestsOf(setup);
  const entries = planOf({ cases, manifests, controls, waivers: [] });
  const pairs = pairsOf(entries).filter(({ mutant }) => mutant.oneProcess !== true || controls.processes === undefined);
  const benchOf = (one: Case, broken: Setup): Bench => new Bench(broken, manifests[one.on ?? "queue"]);
  const define = ({ mutant, one }: Pair): void => {
    runner.test(`${one.id} catches one that ${mutant.name}`, { timeout: testTimeout }, async (context) => {
      const bench = benchOf(one, mutated(setup, mutant));
      const rejected = await rejectionOf(bench, () => inTime(one.run(bench)));
      tellAsserted(context);
      checkCaught(one, mutant, rejected);
    });
  };
  const defineControl = (one: Case): void => {
    runner.test(`${one.id} passes with nothing broken`, { timeout: testTimeout }, async (context) => {
      const bench = benchOf(one, setup);
      const rejected = await rejectionOf(bench, () => inTime(one.run(bench)));
      tellAsserted(context);
      if (rejected !== undefined) throw rejected.error;
    });
  };
  const controlled = control ? [...new Set(pairs.map(({ one }) => one))] : [];
  runner.describe(`mutants of ${adapter.name}`, sideBySide, () => {
    for (const pair of pairs) if (pair.one.alone !== true) define(pair);
    for (const one of controlled) if (one.alone !== true) defineControl(one);
  });
  runner.describe(`mutants of ${adapter.name}, one by one`, oneByOne, () => {
    runner.test("every case has a mutant that it must catch", { timeout: testTimeout }, async (context) => {
      const without = casesWithoutMutant();
      tellAsserted(context);
      if (without.length > 0) throw new Error(`nobody knows whether these can fail: ${without.join(" ")}`);
    });
    for (const pair of pairs) if (pair.one.alone === true) define(pair);
    for (const one of controlled) if (one.alone === true) defineControl(one);
  });
}

/** The ids of cases that no mutant fails: nobody knows whether they could fail at all. */
export function casesWithoutMutant(): readonly string[] {
  const caught = new Set(allMutants.flatMap(({ caughtBy }) => caughtBy));
  return cases.map(({ id }) => id).filter((id) => !caught.has(id));
}

interface Pair {
  readonly mutant: Mutant;
  readonly one: Case;
}

/** Each mutant with each case that must catch it and is owed. */
function pairsOf(entries: readonly Entry[]): readonly Pair[] {
  return allMutants.flatMap((mutant) =>
    mutant.caughtBy.flatMap((id) => {
      const entry = entries.find((known) => known.case.id === id);
      if (entry === undefined) throw new Error(`mutant ${mutant.name} names ${id}, which is no case`);
      return entry.status === "owed" ? [{ mutant, one: entry.case }] : [];
    }),
  );
}

function mutated(setup: Setup, mutant: Mutant): Setup {
  const { name, mutateStore } = mutant;
  return { ...setup, mutant: name, mutate: (adapter) => mutant.mutate(adapter), mutateStore };
}

async function inTime(run: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new AssertionError({ message: `not over after ${caseMs} ms` })), caseMs);
  });
  run.catch(() => undefined);
  await Promise.race([run, late]).finally(() => clearTimeout(timer));
}

function checkCaught(one: Case, mutant: Mutant, rejected: { readonly error: unknown } | undefined): void {
  if (rejected === undefined) throw new Error(`${one.id} passes on an adapter that ${mutant.name}`);
  const { error } = rejected;
  if (error instanceof AssertionError || error instanceof WaybillError) return;
  throw new Error(`${one.id} did not fail on an adapter that ${mutant.name}, it broke down`, { cause: error });
}
