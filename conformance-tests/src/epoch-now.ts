/** How often it is waited for the next ms. */
const steps = 5;
/**
 * When `performance.now()` was 0, epoch ms. `performance.timeOrigin` is that, too, but for what passes between its two looks at clocks
 * while a process starts: on a machine that is busy it was milliseconds off, and the order of what two processes did with it.
 */
const origin = measured();

/** Epoch ms, with fractions: the same in all processes of a machine, to some microseconds. */
export function epochNow(): number {
  return origin + performance.now();
}

/** Where the clock of whole ms steps on, it is right; what comes between two looks only makes it less. */
function measured(): number {
  let most = -Infinity;
  for (let [seen, before] = [0, Date.now()]; seen < steps;) {
    const now = Date.now();
    most = Math.max(most, now - performance.now());
    if (now === before) continue;
    before = now;
    seen += 1;
  }
  return most;
}
