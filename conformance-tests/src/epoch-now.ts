/** So often it is seen how a ms begins, from as near as this (ms), and so often it is looked at most. */
const steps = 3;
const near = 0.02;
const mostLooks = 1_000_000;

/**
 * When `performance.now()` was 0, epoch ms. `performance.timeOrigin` is that, too, but for what passes between its two looks at clocks
 * while a process starts: on a machine that is busy it was milliseconds off, and the order of what two processes did with it.
 */
const origin = measured();

/** Epoch ms, with fractions: the same in all processes of a machine, to some hundredths of one. */
export function epochNow(): number {
  return origin + performance.now();
}

/** Where the clock of whole ms steps on, it is right; what comes between two looks only makes it less. */
function measured(): number {
  let [most, seen, before] = [-Infinity, 0, Date.now()];
  // What was looked at before the last time the clock stood still was certainly before it stepped on.
  for (let looks = 0, [last, still] = [-Infinity, -Infinity]; seen < steps && looks < mostLooks; looks += 1) {
    const now = Date.now();
    const at = performance.now();
    most = Math.max(most, now - at);
    if (now !== before && at - still < near) seen += 1;
    [before, still, last] = [now, last, at];
  }
  return most;
}
