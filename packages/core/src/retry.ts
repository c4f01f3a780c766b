import type { Duration } from "./duration.ts";
import { milliseconds, wholeNumber } from "./duration.ts";
import type { Random } from "./seam.ts";

/** How many ms to wait after the n-th failure (from 1). */
export type Delay = (failure: number, random: Random) => number;

export interface RetryOptions {
  /** How often a message may fail before it is dead, at least 1. Default 5 (RTY-1). */
  readonly maxAttempts?: number | undefined;
  /** Default `exponential("1s", { max: "5m" })`. */
  readonly delay?: Delay | Duration | undefined;
  /** Whether an error makes any further attempt pointless: straight to the dead letters (RTY-6). */
  readonly permanent?: ((error: unknown) => boolean) | undefined;
}

export interface RetryPolicy {
  readonly maxAttempts: number;
  readonly delay: Delay;
  readonly permanent: (error: unknown) => boolean;
}

/** Thrown by a handler to say that no further attempt can help (RTY-6). */
export class PermanentError extends Error {
  override readonly name: string = "PermanentError";
}

/** The same delay each time. @throws TypeError for a delay that is none */
export function fixed(delay: Duration): Delay {
  const ms = milliseconds(delay, "fixed delay");
  return () => ms;
}

/**
 * Doubles from `first` (or grows by `factor`) up to `max`, default 5 minutes. `jitter` takes off a random share of each delay,
 * from 0 to 1, default 0.2, so that what failed together does not come back together.
 * @throws TypeError for a value out of range
 */
export function exponential(
  first: Duration,
  options: {
    readonly max?: Duration | undefined;
    readonly factor?: number | undefined;
    readonly jitter?: number | undefined;
  } = {},
): Delay {
  const base = milliseconds(first, "exponential delay");
  const max = milliseconds(options.max ?? "5m", "exponential max");
  const factor = ranged(options.factor ?? 2, 1, Infinity, "exponential factor");
  const jitter = ranged(options.jitter ?? 0.2, 0, 1, "exponential jitter");
  return (failure, random) => {
    // The growth is bounded, because 0 * Infinity is NaN.
    const grown = base * Math.min(Number.MAX_VALUE, factor ** (failure - 1));
    return Math.ceil(Math.min(max, grown) * (1 - jitter * random()));
  };
}

/** The given delays in turn; the last one again when there are more failures. @throws TypeError if there is none */
export function ladder(...delays: readonly Duration[]): Delay {
  const steps = delays.map((delay, index) => milliseconds(delay, `ladder delay ${index + 1}`));
  const last = steps.at(-1);
  if (last === undefined) throw new TypeError("ladder needs at least one delay");
  return (failure) => steps[failure - 1] ?? last;
}

const defaultDelay = exponential("1s");

/** The options with their defaults. @throws TypeError naming the option that cannot be used */
export function retryPolicy(options: RetryOptions = {}): RetryPolicy {
  const { delay = defaultDelay, permanent } = options;
  return {
    maxAttempts: wholeNumber(options.maxAttempts ?? 5, 1, "retry.maxAttempts"),
    delay: typeof delay === "function" ? delay : fixed(delay),
    permanent: (error) => error instanceof PermanentError || permanent?.(error) === true,
  };
}

export type Decision =
  | { readonly outcome: "retry"; readonly delayMs: number }
  | { readonly outcome: "dead"; readonly reason: "exhausted" | "permanent" };

/**
 * What becomes of a message whose handling has just failed, `failures` times before. Never throws, and never retries at once
 * for a mistake in the user's functions: a `permanent` that throws says nothing, and where `delay` throws or gives no finite
 * number that is 0 or more, the default delay is taken.
 */
export function decide(policy: RetryPolicy, error: unknown, failures: number, random: Random): Decision {
  if (attempted(() => policy.permanent(error)) === true) return { outcome: "dead", reason: "permanent" };
  if (failures + 1 >= policy.maxAttempts) return { outcome: "dead", reason: "exhausted" };
  const delayMs = attempted(() => policy.delay(failures + 1, random));
  const usable = typeof delayMs === "number" && delayMs >= 0 && delayMs < Infinity;
  return { outcome: "retry", delayMs: usable ? Math.ceil(delayMs) : defaultDelay(failures + 1, random) };
}

function attempted<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}

function ranged(value: number, least: number, most: number, place: string): number {
  if (value >= least && value <= most) return value;
  throw new TypeError(`${place} is ${value}; give a number from ${least} to ${most}`);
}
