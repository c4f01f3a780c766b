import type { Cancel, Clock, Random } from "@waybill/core";

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

/** A run that does more than this is caught in a circle. */
const mostSteps = 50_000;
/** So many turns without a timer, and nothing will ever happen. */
const mostIdleTurns = 50;

/**
 * The one clock of a simulated world. It jumps from timer to timer; between two of them a few turns of the event loop pass, how many
 * is drawn, so that what takes several turns meets what happens meanwhile. The order of turns is the event loop's own, which is the
 * same each time.
 */
export class Timeline implements Clock {
  readonly #random: Random;
  #now = Date.UTC(2025, 0, 1);
  /** By time, then by when they were set. */
  readonly #timers: Timer[] = [];
  #steps = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  readonly now = (): number => this.#now;

  readonly after = (ms: number, run: () => void): Cancel => {
    if (ms === Infinity) return () => undefined;
    const timer = { at: this.#now + Math.max(0, ms), run };
    let place = this.#timers.length;
    while (place > 0 && (this.#timers[place - 1] as Timer).at > timer.at) place -= 1;
    this.#timers.splice(place, 0, timer);
    return () => {
      const index = this.#timers.indexOf(timer);
      if (index !== -1) this.#timers.splice(index, 1);
    };
  };

  readonly sleep = (ms: number): Promise<void> => new Promise((resolve) => void this.after(ms, resolve));

  /** Lets time pass until the work is done. Rejects as it does, or where it never will be done. */
  async drive<T>(work: Promise<T>): Promise<T> {
    let over = false;
    const end = (): void => void (over = true);
    work.then(end, end);
    for (let idle = 0; ; idle += 1) {
      for (let turns = 1 + Math.floor(this.#random() * 3); turns > 0 && !over; turns -= 1) await turn();
      if (over) return work;
      const timer = this.#timers.shift();
      this.#steps += 1;
      if (idle > mostIdleTurns) throw new Error("nothing is left to happen, and the run is not over");
      if (this.#steps > mostSteps) throw new Error(`it goes on and on: ${mostSteps} timers, and the run is not over`);
      if (timer === undefined) continue;
      idle = 0;
      this.#now = timer.at;
      timer.run();
    }
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
