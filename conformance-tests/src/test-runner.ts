/** What the suite needs of a test runner; vitest and `node:test` both have it. */
export interface TestRunner {
  readonly describe: (name: string, options: RunnerOptions, define: () => void) => unknown;
  readonly test: (name: string, options: RunnerOptions, run: (context: unknown) => Promise<void>) => unknown;
}

export interface RunnerOptions {
  /** ms */
  readonly timeout: number;
  /** vitest: the tests in it run side by side. */
  readonly concurrent?: boolean;
  /** node:test: how many. */
  readonly concurrency?: number;
}

/** The most ms a test may take. What it waits for has bounds of its own, which say more when they fail. */
export const testTimeout = 300_000;

/** Side by side, in both runners. */
export const sideBySide: RunnerOptions = { timeout: testTimeout, concurrent: true, concurrency: 6 };

/** One after the other, in both runners. */
export const oneByOne: RunnerOptions = { timeout: testTimeout, concurrent: false, concurrency: 1 };

interface Counting {
  readonly expect: (value: unknown) => { readonly toBe: (value: unknown) => void };
}

/** Tells a runner that counts its own assertions (vitest's `requireAssertions`) that the case has asserted. */
export function tellAsserted(context: unknown): void {
  if (isCounting(context)) context.expect(true).toBe(true);
}

function isCounting(context: unknown): context is Counting {
  const kind = typeof context;
  if ((kind !== "object" && kind !== "function") || context === null) return false;
  return typeof (context as Partial<Counting>).expect === "function";
}
