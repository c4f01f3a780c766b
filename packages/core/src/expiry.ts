import type { Cancel, Clock } from "./clock.ts";

/**
 * When a member's lease ends by its own clock, which is as early as the carrier may end it: a member that was stopped, starved or
 * cut off hears of it before it begins anything more (ACK-4).
 */
export class Expiry {
  readonly #clock: Clock;
  readonly #over: () => void;
  #until = 0;
  #timer: Cancel | undefined;

  constructor(clock: Clock, over: () => void) {
    this.#clock = clock;
    this.#over = over;
  }

  /** Whether it has ended, be it told yet or not. */
  get isOver(): boolean {
    return this.#clock.now() >= this.#until;
  }

  /** Puts the end off, to an epoch ms; never brings it nearer. One timer, however often. */
  extend(until: number): void {
    this.#until = Math.max(this.#until, until);
    this.#timer ??= this.#watch();
  }

  /** Over, without being told. */
  end(): void {
    this.#timer?.();
    this.#timer = undefined;
    this.#until = 0;
  }

  #watch(): Cancel {
    return this.#clock.after(this.#until - this.#clock.now(), () => {
      this.#timer = undefined;
      if (this.isOver) this.#over();
      else this.#timer = this.#watch();
    });
  }
}
