import type { Random } from "./seam.ts";

/**
 * Numbers in [0, 1) that look random and are the same for the same seed, for `connect(url, { random })` and for tests that
 * must be repeatable. The algorithm is mulberry32: 32 bits of state, no use for secrets. @throws TypeError for a seed that is
 * no whole number
 */
export function seededRandom(seed: number): Random {
  if (!Number.isSafeInteger(seed)) throw new TypeError(`seed is ${seed}; give a whole number`);
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
