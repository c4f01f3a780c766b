/** A span of time: a number of ms, or a number with its unit: `"250ms"`, `"1.5s"`, `"5m"`, `"2h"`, `"7d"`. */
export type Duration = number | `${number}${"ms" | "s" | "m" | "h" | "d"}`;

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const pattern = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

/**
 * The ms of a duration, 0 or more, fractions rounded up; `place` names the option in the error.
 * @throws TypeError for a negative, NaN or unreadable one
 */
export function milliseconds(duration: Duration, place: string): number {
  if (typeof duration === "number" && duration >= 0) return Math.ceil(duration);
  const match = typeof duration === "string" ? pattern.exec(duration) : null;
  const unit = units[match?.[2] ?? ""];
  if (match === null || unit === undefined) {
    throw new TypeError(
      `${place} is ${show(duration)}; give a number of ms that is 0 or more, or a string such as "250ms", "1.5s", "5m", "2h", "7d"`,
    );
  }
  // Rounded first, so that 16.1 s are 16100 ms and not 16101 for 16.1 * 1000 = 16100.000000000002.
  return Math.ceil(Number((Number(match[1]) * unit).toFixed(3)));
}

/**
 * `value` if it is a whole number of at least `least`; `place` names the option in the error.
 * @throws TypeError otherwise
 */
export function wholeNumber(value: number, least: number, place: string): number {
  if (Number.isInteger(value) && value >= least) return value;
  throw new TypeError(`${place} is ${show(value)}; give a whole number of at least ${least}`);
}

function show(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
