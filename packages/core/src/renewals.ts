import type { Cancel, Clock } from "./clock.ts";
import { WaybillError } from "./errors.ts";
import type { Handling } from "./handling.ts";
import type { IdempotencyStore } from "./idempotency-store.ts";

/** A message that is being handled under a claim. */
export interface Claimed {
  readonly key: string;
  readonly owner: string;
  readonly message: Handling;
}

/** Keeps the claims of the handlers that run, by one timer for all; whose claim is lost is told by its signal. */
export class Renewals {
  readonly #store: IdempotencyStore;
  readonly #leaseMs: number;
  readonly #clock: Clock;
  readonly #claims = new Set<Claimed>();
  #cancel: Cancel | undefined;

  constructor(store: IdempotencyStore, leaseMs: number, clock: Clock) {
    this.#store = store;
    this.#leaseMs = leaseMs;
    this.#clock = clock;
  }

  add(claim: Claimed): void {
    this.#claims.add(claim);
    this.#cancel ??= this.#clock.after(this.#leaseMs / 3, () => this.#ring());
  }

  delete(claim: Claimed): void {
    if (!this.#claims.delete(claim) || this.#claims.size > 0) return;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #ring(): void {
    this.#cancel = this.#clock.after(this.#leaseMs / 3, () => this.#ring());
    for (const claim of this.#claims) void this.#renew(claim);
  }

  async #renew(claim: Claimed): Promise<void> {
    const { key, owner, message } = claim;
    if ((await this.#isOurs(key, owner)) || !this.#claims.has(claim)) return;
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
