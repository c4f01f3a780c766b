import assert from "node:assert/strict";
import { inspect } from "node:util";
import { type ErrorCode, WaybillError } from "@waybill/core";

/** The error with which `run` rejects or throws; fails if it does not, or not with this code. */
export async function rejection(run: () => unknown, code: ErrorCode): Promise<WaybillError> {
  let outcome: unknown;
  try {
    outcome = await run();
  } catch (error) {
    assert(error instanceof WaybillError && error.code === code, `expected ${code}, got ${inspect(error)}`);
    return error;
  }
  assert.fail(
    `expected ${code}, but it succeeded${outcome === undefined ? "" : ` with ${inspect(outcome, { depth: 1 })}`}`,
  );
}

/** Fails unless both hold the same numbers, in any order; the message names what is missing and what is too many. */
export function sameNumbers(actual: readonly number[], expected: readonly number[], what: string): void {
  const missing = without(expected, actual);
  const tooMany = without(actual, expected);
  if (missing.length === 0 && tooMany.length === 0) return;
  assert.fail(`${what}: ${describe("missing", missing)}${describe("too many", tooMany)}of ${expected.length} expected`);
}

/** What comes so many ms after its time is not late: retries and delays by their promises (RTY-2, DLY-1), all else for slow machines. */
export const late = 2_000;

/**
 * Settles as `work` does, which must be `ms` from now. It is late by a plain timer of this process, which a loaded machine holds up just
 * as much; that nothing else holds up both is for PUB-11 to show.
 * @throws AssertionError
 */
export async function settlesAfter<T>(ms: number, work: () => Promise<T>): Promise<T> {
  const began = performance.now();
  const settling = work();
  const timer = new Promise((resolve) => void setTimeout(resolve, ms)).then(() => performance.now());
  await Promise.allSettled([settling]);
  const settledAt = performance.now();
  // Deadlines are whole ms and clocks are cut off, not rounded.
  assert(settledAt - began >= ms - 1, `it took ${settledAt - began} ms instead of ${ms}`);
  const lateness = settledAt - (await timer);
  assert(lateness < late, `it took ${lateness} ms longer than a timer of ${ms}`);
  return settling;
}

/** The whole numbers from `from` to before `to`. */
export function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

/** Each number once. */
export function unique(numbers: readonly number[]): readonly number[] {
  return [...new Set(numbers)];
}

/** What became of a publish: `stored`, or the code it rejects with. */
export function codeOf(sent: Promise<unknown>): Promise<string> {
  return sent.then(
    () => "stored",
    (error: unknown) => (error instanceof WaybillError ? error.code : String(error)),
  );
}

/** A promise and the function that resolves it. */
export function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

/** What is left of `from` when each of `taken` is taken out once. */
function without(from: readonly number[], taken: readonly number[]): readonly number[] {
  const counts = new Map<number, number>();
  for (const n of taken) counts.set(n, (counts.get(n) ?? 0) + 1);
  return from.filter((n) => {
    const count = counts.get(n) ?? 0;
    counts.set(n, count - 1);
    return count <= 0;
  });
}

function describe(what: string, numbers: readonly number[]): string {
  if (numbers.length === 0) return "";
  return `${what} ${numbers.slice(0, 20).join(", ")}${numbers.length > 20 ? ` and ${numbers.length - 20} more` : ""}; `;
}
