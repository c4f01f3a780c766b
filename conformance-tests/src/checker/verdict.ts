import type { Flaw } from "./rules.ts";

/** What became of one group's messages, by their numbers. */
export interface GroupVerdict extends Readonly<Record<Flaw, readonly number[]>> {
  readonly group: string;
  /** Handled to the end more than once: allowed under "at least once", and counted. */
  readonly duplicated: readonly number[];
}

export interface Verdict {
  readonly published: number;
  readonly confirmed: number;
  /** Reported as not stored. */
  readonly failed: number;
  readonly unknown: number;
  readonly groups: readonly GroupVerdict[];
  /** Whether every promise was kept; duplicates are no breach. A run in which nothing was confirmed shows nothing. */
  readonly kept: boolean;
}

/** What breaks a promise. */
export const flaws: readonly Flaw[] = ["lost", "unexpected", "disordered", "early", "wronglyDead", "notDead"];

const columns = ["lost", "unexpected", "duplicated", "disordered", "early", "wronglyDead", "notDead"] as const;
/** Of a broken promise so many messages are named. */
const named = 20;

/** The verdict as lines of text. */
export function verdictTable({ published, confirmed, failed, unknown, groups, kept }: Verdict): string {
  const width = Math.max(5, ...groups.map(({ group }) => group.length));
  const rows = groups.map((verdict) =>
    [verdict.group.padEnd(width), ...columns.map((name) => String(verdict[name].length).padStart(name.length))].join(
      "  ",
    ),
  );
  const nothing = confirmed === 0 ? "nothing was confirmed, so nothing is shown" : "BROKEN";
  return [
    `published ${published}, confirmed ${confirmed}, not stored ${failed}, unknown ${unknown}`,
    ["group".padEnd(width), ...columns].join("  "),
    ...rows,
    ...(kept ? ["every promise was kept"] : [nothing, ...groups.flatMap(breaches)]),
  ].join("\n");
}

function breaches(verdict: GroupVerdict): readonly string[] {
  return flaws
    .filter((flaw) => verdict[flaw].length > 0)
    .map((flaw) => `${verdict.group} ${flaw}: ${numbers(verdict[flaw])}`);
}

function numbers(all: readonly number[]): string {
  return `${all.slice(0, named).join(" ")}${all.length > named ? ` and ${all.length - named} more` : ""}`;
}
