import type { Clock } from "@waybill/core";

/** A clock that stands still until it is told to go on, so that tests need no sleeps. Give it to `connect(url, { clock })`. */
export interface VirtualClock extends Clock {
  // Functions, not methods: it can be taken apart, as `systemClock` can.
  readonly now: Clock["now"];
  readonly after: Clock["after"];
  /** How many timers wait, those of `Infinity` left out: 0 after a clean close (LIF-2). */
  readonly pending: number;
  /**
   * Lets `ms` pass, 0 or more. Timers that are due run in the order of their times, those of one time in the order they were
   * set, also those that were set meanwhile; while one runs `now()` is its own time, and after each everything it set off
   * is flushed. Rejects with what a timer throws, the clock at that timer's time. Calls follow one another, they never overlap.
   */
  readonly advance: (ms: number) => Promise<void>;
  /** Lets everything run that waits for no timer: promises, microtasks and a few rounds of `setImmediate`. No I/O. */
  readonly flush: () => Promise<void>;
}

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

/** Core settles in a `setImmediate`, an adapter answers in another: a chain of that many is followed to its end. */
const rounds = 16;

/** A virtual clock that begins at `start` (epoch ms). */
export function virtualClock(start: number = Date.UTC(2025, 0, 1)): VirtualClock {
  return new SteppedClock(start);
}

class SteppedClock implements VirtualClock {
  #now: number;
  /** By time, then by when they were set. */
  readonly #timers: Timer[] = [];
  #turn: Promise<void> = Promise.resolve();

  constructor(start: number) {
    if (!Number.isFinite(start)) throw new TypeError(`start is ${start}; give epoch ms`);
    this.#now = start;
  }

  get pending(): number {
    return this.#timers.length;
  }

  readonly now = (): number => this.#now;

  readonly after = (ms: number, run: () => void): (() => void) => {
    if (Number.isNaN(ms)) throw new TypeError("a timer of NaN ms; give a number");
    if (ms === Infinity) return () => undefined;
    const timer = { at: this.#now + Math.max(ms, 0), run };
    const next = this.#timers.findIndex(({ at }) => at > timer.at);
    this.#timers.splice(next === -1 ? this.#timers.length : next, 0, timer);
    return () => this.#take(timer);
  };

  readonly advance = (ms: number): Promise<void> => {
    const turn = this.#turn.then(() => this.#pass(ms));
    this.#turn = turn.catch(() => undefined);
    return turn;
  };

  readonly flush = async (): Promise<void> => {
    for (let round = 0; round < rounds; round += 1) await new Promise((resolve) => setImmediate(resolve));
  };

  async #pass(ms: number): Promise<void> {
    if (!(ms >= 0 && ms < Infinity)) throw new TypeError(`advance is ${ms}; give a number of ms that is 0 or more`);
    const end = this.#now + ms;
    await this.flush();
    for (let timer = this.#due(end); timer !== undefined; timer = this.#due(end)) {
      this.#now = timer.at;
      this.#take(timer);
      timer.run();
      await this.flush();
    }
    this.#now = end;
    await this.flush();
  }

  #due(end: number): Timer | undefined {
    const [first] = this.#timers;
    return first !== undefined && first.at <= end ? first : undefined;
  }

  #take(timer: Timer): void {
    const index = this.#timers.indexOf(timer);
    if (index !== -1) this.#timers.splice(index, 1);
  }
}
