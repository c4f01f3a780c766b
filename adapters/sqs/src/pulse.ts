import type { Cancel, Clock } from "@waybill/core";

/** How many beats a lease has. */
const beats = 10;

/**
 * Says since when, at the earliest, what is read now may lie in our sockets: the event loop was seen to run then. A message whose answer
 * waited while the loop was blocked is no fresh one, though it looks like one.
 */
export class Pulse {
  readonly #clock: Clock;
  readonly #everyMs: number;
  #last: number;
  /** The beat before the last: after a block the timers run first, and the sockets are read then. */
  #before: number;
  #cancel: Cancel = () => undefined;

  constructor(clock: Clock, leaseMs: number) {
    this.#clock = clock;
    this.#everyMs = leaseMs / beats;
    this.#last = clock.now();
    this.#before = this.#last;
    this.#beat();
  }

  get since(): number {
    return this.#before;
  }

  stop(): void {
    this.#cancel();
  }

  #beat(): void {
    this.#before = this.#last;
    this.#last = this.#clock.now();
    this.#cancel = this.#clock.after(this.#everyMs, () => this.#beat());
  }
}
