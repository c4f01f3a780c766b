/** One figure of one run. `better` says which way it improves; `goal` is what was asked for, in the same unit. */
export interface Figure {
  readonly what: string;
  readonly unit: "k/s" | "/s" | "/min" | "calls" | "µs" | "ms" | "ratio" | "%" | "MB";
  readonly value: number;
  readonly better: "more" | "less";
  readonly goal?: number | undefined;
}

/** The middle one of several runs' values of the same figure. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** The figures of several runs as rows of a Markdown table, each with its median, its range and whether the goal is met. */
export function rows(runs: readonly (readonly Figure[])[]): readonly string[] {
  const [first = []] = runs;
  return first.map(({ what, unit, better, goal }, index) => {
    const values = runs.flatMap((run) => run[index]?.value ?? []);
    const middle = median(values);
    const range = `${format(Math.min(...values))} – ${format(Math.max(...values))}`;
    const met = goal === undefined ? "" : (better === "more" ? middle >= goal : middle <= goal) ? "yes" : "no";
    const asked = goal === undefined ? "" : `${better === "more" ? "≥" : "≤"} ${goal} ${unit}`;
    return `| ${what} | ${format(middle)} ${unit} | ${range} | ${asked} | ${met} |`;
  });
}

function format(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
