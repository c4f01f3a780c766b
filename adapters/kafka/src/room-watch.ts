import type { Cancel, Clock } from "@waybill/core";

interface Options {
  readonly clock: Clock;
  /** Whether there is no room. */
  readonly isFull: () => boolean;
  /** Whether something waits for it. */
  readonly hasWaiting: () => boolean;
  readonly changed: () => void;
}

/** How long nothing has to move in a member without room before it counts as stuck, ms. */
const stuckMs = 500;

/** Whether a member is full and nothing moves in it, so that what waits is better with those that have room (SUB-10, SUB-12). */
export class RoomWatch {
  readonly #options: Options;
  #isStuck = false;
  #movedAt = 0;
  #timer: Cancel | undefined;

  constructor(options: Options) {
    this.#options = options;
  }

  get isStuck(): boolean {
    return this.#isStuck;
  }

  /** Something was settled. */
  moved(): void {
    this.#movedAt = this.#options.clock.now();
  }

  start(): void {
    this.#timer = this.#options.clock.after(stuckMs / 2, () => {
      this.start();
      this.#look();
    });
  }

  stop(): void {
    this.#timer?.();
  }

  #look(): void {
    const { clock, isFull, hasWaiting, changed } = this.#options;
    const isStill = isFull() && clock.now() - this.#movedAt >= stuckMs;
    // What made it stuck is others' by now.
    const isStuck = isStill && (this.#isStuck || hasWaiting());
    if (isStuck === this.#isStuck) return;
    this.#isStuck = isStuck;
    changed();
  }
}
