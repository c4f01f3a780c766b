import { randomBytes } from "node:crypto";
import { type Clock, Expiry } from "@waybill/core";

/** What a member has of the server: a name that is its token, and a time until which it is its own. */
export class Lease {
  readonly #expiry: Expiry;
  readonly #ms: number;
  #name: string = newName();

  constructor(clock: Clock, ms: number, over: () => void) {
    this.#expiry = new Expiry(clock, over);
    this.#ms = ms;
  }

  get name(): string {
    return this.#name;
  }

  /** Whether it is over by our own clock, be it told yet or not. */
  get isOver(): boolean {
    return this.#expiry.isOver;
  }

  /** The server has renewed the lease of this name by a request that was sent then. */
  renewed(name: string, sentAt: number): void {
    if (name === this.#name) this.#expiry.extend(sentAt + this.#ms);
  }

  /** Another name, for another lease; gives the name before. */
  rename(): string {
    const before = this.#name;
    this.#name = newName();
    this.end();
    return before;
  }

  end(): void {
    this.#expiry.end();
  }
}

function newName(): string {
  return randomBytes(12).toString("base64url");
}
