import { type ContractPromise, promises } from "./promises.ts";
import type { Report } from "./report.ts";

const start = "<!-- conformance:start -->";
const end = "<!-- conformance:end -->";

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
  const covered = promises.filter(({ id }) => reports.some(({ cases }) => statesOf(cases, id).length > 0));
  const missing = promises.filter((promise) => !covered.includes(promise)).map(({ id }) => id);
  const families = [...new Set(covered.map(({ family }) => family))];
  const head = ["promise", "what it says", ...reports.map(({ adapter }) => adapter)];
  return [
    row(head),
    row(head.map(() => "---")),
    ...families.flatMap((family) => covered.filter((promise) => promise.family === family).map(rowOf)),
    "",
    "The number is that of the cases which show it; — is what an adapter does not claim.",
    ...(missing.length === 0 ? [] : [`Not covered by a case yet: ${missing.join(", ")}.`]),
  ].join("\n");

  function rowOf({ id, text }: ContractPromise): string {
    return row([id, text.replaceAll("|", "\\|"), ...reports.map(({ cases }) => cell(statesOf(cases, id)))]);
  }
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function statesOf(cases: Report["cases"], promise: string): readonly string[] {
  return Object.entries(cases).flatMap(([id, state]) => (id.split("/")[0] === promise ? [state] : []));
}

/** The worst thing to be said about a promise, or how many cases show it. */
function cell(states: readonly string[]): string {
  const count = (kind: string): number => states.filter((state) => state.startsWith(kind)).length;
  if (count("failed") > 0) return "**failed**";
  if (count("waived") > 0) return "waived";
  const passed = count("passed");
  if (passed > 0) return `✓ ${passed}`;
  return count("not owed") > 0 ? "not shown" : "—";
}
