import type { Run } from "./simulation.ts";

const mostLines = 40;

/** What a failing seed has broken, what happened to the first message it concerns, and how to see all of it again. */
export function failureReport({ seed, violations, lines }: Run, bug?: string): string {
  const broken = violations.map(({ promise, what }) => `  ${promise}: ${what}`);
  const n = violations.find((violation) => violation.n !== undefined)?.n;
  const about = n === undefined ? lines : lines.filter((line) => concerns(line, n));
  return [
    `seed ${seed} breaks ${violations.length === 1 ? "a promise" : `${violations.length} promises`}:`,
    ...broken,
    `the last events${n === undefined ? "" : ` of ${n}`} (ms since the beginning):`,
    ...about.slice(-mostLines).map((line) => `  ${line}`),
    `all ${lines.length} events: npm run simulate -- --from ${seed} --seeds 1 --trace${bug === undefined ? "" : ` --bug ${bug}`}`,
  ].join("\n");
}

/** Whether the event is one of the message, or of a member as a whole. */
function concerns(line: string, n: number): boolean {
  return new RegExp(` ${n}(?![\\d.])|(crashes|freezes|thaws|pauses|resumes|joins)$`).test(line);
}
