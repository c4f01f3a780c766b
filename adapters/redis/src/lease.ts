import { randomBytes } from "node:crypto";
import type { Cancel, Clock } from "@waybill/core";

/**
 * What a member has of the server: a name that is its token, and a time until which it is its own. It ends by our own clock too, as
 * early as the server may end it: a member that was stopped, or cut off, hears of it before it begins anything more (ACK-4).
 */
export class Lease {
  readonly #clock: Clock;
  readonly #ms: number;
  readonly #over: () => void;
  #name: string = newName();
  #until = 0;
  #timer: Cancel | undefined;

  constructor(clock: Clock, ms: number, over: () => void) {
    this.#clock = clock;
    this.#ms = ms;
    this.#over = over;
  }

  get name(): string {
    return this.#name;
  }

  /** Whether it is over by our own clock, be it told yet or not. */
  get isOver(): boolean {
    return this.#clock.now() >= this.#until;
  }

  /** The server has renewed the lease of this name by a request that was sent then. */
  renewed(name: string, sentAt: number): void {
    if (name !== this.#name) return;
    this.#until = Math.max(this.#until, sentAt + this.#ms);
    this.#timer ??= this.#watch();
  }

  /** Another name, for another lease; gives the name before. */
  rename(): string {
    const before = this.#name;
    this.#name = newName();
    this.end();
    return before;
  }

  end(): void {
    this.#timer?.();
    this.#timer = undefined;
    this.#until = 0;
  }

  /** One timer, however often it is renewed meanwhile. */
  #watch(): Cancel {
    return this.#clock.after(this.#until - this.#clock.now(), () => {
      this.#timer = undefined;
      if (this.#clock.now() < this.#until) this.#timer = this.#watch();
      else this.#over();
    });
  }
}

function newName(): string {
  return randomBytes(12).toString("base64url");
}
