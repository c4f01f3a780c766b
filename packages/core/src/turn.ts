import type { Clock } from "./clock.ts";

/** How long one turn of the event loop may be spent on handlers, ms. */
const most = 4;

/**
 * Keeps turns of the event loop short: handlers that never wait would otherwise hold up everybody's timers and sockets until
 * the last message of a batch.
 */
export class Turn {
  readonly #clock: Clock;
  readonly #next: () => void;
  #startedAt: number | undefined;
  #over = false;

  /** `next` is called in the next turn, if this one was over. */
  constructor(clock: Clock, next: () => void) {
    this.#clock = clock;
    this.#next = next;
  }

  /** Whether this turn may take up one more. */
  hasTime(): boolean {
    const now = this.#clock.now();
    if (this.#startedAt === undefined) this.#start(now);
    // A clock may be set back.
    else if (Math.abs(now - this.#startedAt) > most) this.#over = true;
    return !this.#over;
  }

  #start(now: number): void {
    this.#startedAt = now;
    setImmediate(() => {
      this.#startedAt = undefined;
      if (!this.#over) return;
      this.#over = false;
      this.#next();
    });
  }
}
