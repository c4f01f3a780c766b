import { type Clock, Expiry } from "@waybill/core";

/** How long to wait before the worker, which could not give back what we held, is asked again, ms. */
const askAgainAfter = 100;

export interface TenureOptions {
  readonly clock: Clock;
  /** Tells the receivers that what they hold is others'. */
  readonly lose: () => void;
  /** Asks the worker to give back what they held, and for new leases. */
  readonly lapse: () => Promise<unknown>;
}

/**
 * The user's thread's view of the leases that the worker keeps for all receivers. They end here by our own clock, for the worker
 * may be late with the news: it waits for a lock, or has got no processor (ACK-4). What it delivers until it has given everything
 * back is not ours.
 */
export class Tenure {
  readonly #options: TenureOptions;
  readonly #expiry: Expiry;
  #lapsed = false;

  constructor(options: TenureOptions) {
    this.#options = options;
    this.#expiry = new Expiry(options.clock, () => this.#over());
  }

  /** Whether what is delivered now is ours. */
  isOurs(): boolean {
    if (this.#expiry.isOver) this.#over();
    return !this.#lapsed;
  }

  extend(until: number): void {
    this.#expiry.extend(until);
  }

  /** Another worker has made new leases, or none is needed any more. */
  end(): void {
    this.#lapsed = false;
    this.#expiry.end();
  }

  #over(): void {
    if (this.#lapsed) return;
    this.#lapsed = true;
    this.#options.lose();
    this.#giveBack();
  }

  #giveBack(): void {
    if (!this.#lapsed) return;
    this.#options.lapse().then(
      () => (this.#lapsed = false),
      () => this.#options.clock.after(askAgainAfter, () => this.#giveBack()),
    );
  }
}
