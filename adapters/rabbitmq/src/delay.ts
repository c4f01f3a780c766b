import type { Route } from "./wire.ts";

/*
 * A message is delayed by passing through queues in which it stays for a fixed time, each half as long as the one before. In which of
 * them it stays stands in its headers, one for each level: so a queue holds messages of one delay, first in is first out, and none
 * holds up another. A level is an exchange that looks at its header, and a queue behind it.
 */

export const levelCount = 16;
/** How long the shortest level takes, ms. */
const unitMs = 32;
/** The longest delay, ms. */
export const maxDelayMs: number = unitMs * (2 ** levelCount - 1);

/** How long a message stays at a level, ms. */
export function levelMs(level: number): number {
  return unitMs * 2 ** level;
}

/** The header that a level's exchange looks at. */
export function levelHeader(level: number): string {
  return `waybill-d${level}`;
}

/** The header that the last exchange looks at: whether the route is a topic's or a queue's name. */
export const targetHeader = "waybill-to";

/** Where a message enters the delay, and what leads it through; never out of it early. */
export function stepsFor(
  delayMs: number,
  target: "topic" | "queue",
): { readonly level: number; readonly steps: Route["steps"] } {
  const units = Math.min(Math.max(Math.ceil(delayMs / unitMs), 1), 2 ** levelCount - 1);
  const level = 31 - Math.clz32(units);
  const steps: Record<string, string> = { [targetHeader]: target };
  for (let each = 0; each <= level; each += 1) steps[levelHeader(each)] = (units >>> each) & 1 ? "1" : "0";
  return { level, steps };
}
