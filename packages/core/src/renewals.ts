import type { Cancel, Clock } from "./clock.ts";
import { WaybillError } from "./errors.ts";
import type { Handling } from "./handling.ts";
import type { IdempotencyStore } from "./idempotency-store.ts";
import { type Placed, Roster } from "./roster.ts";

/** A message that is being handled under a claim. */
export interface Claimed extends Placed {
  readonly key: string;
  readonly owner: string;
  readonly message: Handling;
}

/**
 * Keeps the claims of the handlers that run and are not past their time, by one timer for all; whose claim is lost is told by its
 * signal.
 */
export class Renewals {
  readonly #store: IdempotencyStore;
  readonly #leaseMs: number;
  readonly #clock: Clock;
  readonly #claims = new Roster<Claimed>();
  #cancel: Cancel | undefined;
  #scheduled = false;

  constructor(store: IdempotencyStore, leaseMs: number, clock: Clock) {
    this.#store = store;
    this.#leaseMs = leaseMs;
    this.#clock = clock;
  }

  add(claim: Claimed): void {
    this.#claims.add(claim);
    if (this.#cancel === undefined && !this.#scheduled) this.#schedule();
  }

  delete(claim: Claimed): void {
    if (!this.#claims.delete(claim) || this.#claims.size > 0) return;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** Handlers that end in the turn they began in need no timer. */
  #schedule(): void {
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (this.#claims.size > 0) this.#start();
    });
  }

  #start(): void {
    this.#cancel = this.#clock.after(this.#leaseMs / 3, () => this.#ring());
  }

  #ring(): void {
    this.#start();
    for (const claim of this.#claims.all()) {
      if (claim.message.aborted) this.delete(claim);
      else void this.#renew(claim);
    }
  }

  async #renew(claim: Claimed): Promise<void> {
    const { key, owner, message } = claim;
    if ((await this.#isOurs(key, owner)) || claim.place < 0) return;
    this.delete(claim);
    message.abort(
      new WaybillError("LEASE_LOST", `the claim on message ${message.id} has ended; another may handle it`),
    );
  }

  /** A store that cannot be reached is asked again in time: the lease lasts for two more tries. */
  async #isOurs(key: string, owner: string): Promise<boolean> {
    try {
      return await this.#store.renew(key, owner, this.#leaseMs);
    } catch {
      return true;
    }
  }
}
