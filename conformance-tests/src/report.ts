import type { Case } from "./case.ts";
import type { Entry, Outcome } from "./plan.ts";
import type { ContractPromise } from "./promises.ts";

/** What became of every case, and which promises have none. Deterministic, so that it can be committed. */
export interface Report {
  readonly adapter: string;
  /** By the id of the case: `passed`, `failed`, or `waived`, `not claimed` and `not owed`, each with why. */
  readonly cases: Readonly<Record<string, string>>;
  /** Promises of the contract without a case yet. */
  readonly uncovered: Readonly<Record<string, string>>;
}

/** The report of a run; a case without an outcome did not run. */
export function reportOf(
  adapter: string,
  entries: readonly Entry[],
  outcomes: ReadonlyMap<string, Outcome>,
  promises: readonly ContractPromise[],
): Report {
  const cases = entries.map((entry) => [entry.case.id, describe(entry, outcomes.get(entry.case.id))] as const);
  const uncovered = uncoveredBy(
    entries.map((entry) => entry.case),
    promises,
  );
  return {
    adapter,
    cases: Object.fromEntries(cases),
    uncovered: Object.fromEntries(uncovered.map(({ id }) => [id, "not covered yet"])),
  };
}

/** The promises that no case shows. */
export function uncoveredBy(cases: readonly Case[], promises: readonly ContractPromise[]): readonly ContractPromise[] {
  const covered = new Set(cases.map(({ promise }) => promise));
  return promises.filter(({ id }) => !covered.has(id));
}

/** A line for each case, aligned. */
export function tableOf({ adapter, cases, uncovered }: Report): string {
  const rows = [...Object.entries(cases), ...Object.entries(uncovered)];
  const width = Math.max(...rows.map(([id]) => id.length));
  return [`${adapter}:`, ...rows.map(([id, state]) => `  ${id.padEnd(width)}  ${state}`)].join("\n");
}

/** The sum in one line, and a line for each other state than `passed`, with its cases. */
export function summaryOf({ adapter, cases, uncovered }: Report): string {
  const states = Object.entries({ ...cases, ...uncovered });
  const byState = Map.groupBy(states, ([, state]) => state);
  const byKind = Map.groupBy(Object.values(cases), (state) => state.split(":")[0]);
  const sum = [...byKind].map(([kind, all]) => `${all.length} ${kind}`).join(", ");
  const others = [...byState].filter(([state]) => state !== "passed");
  const lines = others.map(([state, all]) => `  ${state}: ${all.map(([id]) => id).join(" ")}`);
  return [`conformance of ${adapter}: ${sum}`, ...lines].join("\n");
}

function describe(entry: Entry, outcome: Outcome | undefined): string {
  if (entry.status === "unclaimed") return `not claimed: ${entry.claim}`;
  if (entry.status === "needs") return `not owed: needs ${entry.what}`;
  if (outcome === undefined) return "not run";
  return outcome.state === "waived" && entry.status === "waived" ? `waived: ${entry.reason}` : outcome.state;
}
