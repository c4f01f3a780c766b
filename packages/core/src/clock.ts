/** Takes back a timer; without effect once it has fired. */
export type Cancel = () => void;

/** The time and the timers core and adapters go by. Tests give a virtual one, so that they need no sleeps. */
export interface Clock {
  /** The time now, in epoch ms. */
  now(): number;
  /** Calls `run` once, `ms` from now, never early; `Infinity` never fires. A pending timer keeps the process alive. */
  after(ms: number, run: () => void): Cancel;
}

const longestTimeout = 2 ** 31 - 1;

/** The machine's own clock. Delays beyond Node's limit of 24.8 days are slept in parts. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, run) {
    let timer: NodeJS.Timeout | undefined;
    // Node cuts fractions off.
    const arm = (left: number): void => {
      if (left === Infinity) return;
      timer = setTimeout(
        () => (left > longestTimeout ? arm(left - longestTimeout) : run()),
        Math.min(Math.max(left, 0), longestTimeout),
      );
    };
    arm(Math.ceil(ms));
    return () => clearTimeout(timer);
  },
};
