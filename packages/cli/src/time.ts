/** An epoch ms as RFC 3339, "-" where there is none. */
export function timeOf(epochMs: number | undefined): string {
  return epochMs === undefined || Number.isNaN(epochMs) ? "-" : new Date(epochMs).toISOString();
}

/** How long ago, in its largest unit: `3m`. */
export function ageOf(epochMs: number | undefined, now: number): string {
  if (epochMs === undefined || Number.isNaN(epochMs)) return "-";
  const ms = Math.max(0, now - epochMs);
  const [unit, size] = units.find(([, least]) => ms >= least) ?? ["ms", 1];
  return `${Math.floor(ms / size)}${unit}`;
}

const units: readonly (readonly [string, number])[] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
];
