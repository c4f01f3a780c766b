import type { Backoff, Random } from "./seam.ts";

/** 50 ms doubling up to 5 s, half of it random, so that many clients do not come back in step. */
export function jitteredBackoff(random: Random): Backoff {
  return (attempt) => Math.min(5_000, 50 * 2 ** (attempt - 1)) * (0.5 + random() / 2);
}
