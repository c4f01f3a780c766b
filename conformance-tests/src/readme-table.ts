import { type ContractPromise, promises } from "./promises.ts";
import type { Report } from "./report.ts";

const start = "<!-- conformance:start -->";
const end = "<!-- conformance:end -->";
const failure = "**failed**";

/**
 * The text with the table of these reports between its markers.
 * @throws Error where the markers are missing
 */
export function withTable(text: string, reports: readonly Report[]): string {
  const [from, to] = [text.indexOf(start), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the text has no ${start} before ${end}`);
  return `${text.slice(0, from)}${start}\n\n${table(reports)}\n\n${text.slice(to)}`;
}

function table(reports: readonly Report[]): string {
  return [
    ...familyTable(reports),
    "",
    "<details><summary>Each promise</summary>",
    "",
    ...promiseTable(reports),
    "",
    "The number is that of the cases which show it; — is what an adapter does not claim.",
    ...uncovered(reports),
    "",
    "</details>",
  ].join("\n");
}

/** How many promises of each family are shown. */
function familyTable(reports: readonly Report[]): readonly string[] {
  const families = [...new Set(promises.map(({ family }) => family))];
  return [
    ...heads(["promises about", ...reports.map(({ adapter }) => adapter)]),
    ...families.map((family) => {
      const members = promises.filter((promise) => promise.family === family);
      return row([family, ...reports.map((report) => sum(members.map((promise) => cellOf(report, promise))))]);
    }),
  ];
}

/** What came of each promise that has a case. */
function promiseTable(reports: readonly Report[]): readonly string[] {
  return [
    ...heads(["promise", "what it says", ...reports.map(({ adapter }) => adapter)]),
    ...covered(reports).map((promise) =>
      row([promise.id, promise.text.replaceAll("|", "\\|"), ...reports.map((report) => cellOf(report, promise))]),
    ),
  ];
}

function uncovered(reports: readonly Report[]): readonly string[] {
  const known = new Set(covered(reports));
  const missing = promises.filter((promise) => !known.has(promise)).map(({ id }) => id);
  return missing.length === 0 ? [] : [`Not covered by a case yet: ${missing.join(", ")}.`];
}

function covered(reports: readonly Report[]): readonly ContractPromise[] {
  return promises.filter(({ id }) => reports.some(({ cases }) => statesOf(cases, id).length > 0));
}

function heads(names: readonly string[]): readonly string[] {
  return [row(names), row(names.map(() => "---"))];
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function statesOf(cases: Report["cases"], promise: string): readonly string[] {
  return Object.entries(cases).flatMap(([id, state]) => (id.split("/")[0] === promise ? [state] : []));
}

function sum(cells: readonly string[]): string {
  const failed = cells.filter((cell) => cell === failure).length;
  const shown = cells.filter((cell) => cell.startsWith("✓")).length;
  return `${shown} of ${cells.length}${failed === 0 ? "" : `, **${failed} failed**`}`;
}

/** The worst thing to be said about a promise, or how many cases show it. */
function cellOf({ cases }: Report, { id }: ContractPromise): string {
  const states = statesOf(cases, id);
  const count = (kind: string): number => states.filter((state) => state.startsWith(kind)).length;
  if (count("failed") > 0) return failure;
  if (count("waived") > 0) return "waived";
  const passed = count("passed");
  if (passed > 0) return `✓ ${passed}`;
  return count("not owed") > 0 ? "not shown" : "—";
}
