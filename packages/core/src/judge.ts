import { toWaybillError, WaybillError } from "./errors.ts";
import { GivenBack } from "./given-back.ts";
import { isA } from "./is-a.ts";
import { parked, parkedRetry } from "./parking.ts";
import { Expired } from "./reader.ts";
import type { Delivery, Settlement } from "./seam.ts";
import type { VerdictContext } from "./verdict.ts";
import { conviction, failure } from "./verdict.ts";

export interface JudgeOptions extends VerdictContext {
  /** The longest delay the carrier can keep by itself, ms. */
  readonly maxDelay: number;
  /** Delivered at most once: what it was delivered for is settled already. */
  readonly once: boolean;
  /** Told of each message that ends unhandled and is kept nowhere. */
  readonly dropped: (error: WaybillError) => void;
}

/** Decides what becomes of the deliveries of one consumer that are not simply handled to a good end. */
export class Judge {
  readonly #options: JudgeOptions;

  constructor(options: JudgeOptions) {
    this.#options = options;
  }

  /** What becomes of it without being handled; undefined where it is to be handled. */
  untouched(delivery: Delivery): Settlement | undefined {
    const { clock, maxDelay } = this.#options;
    return parked(delivery, clock, maxDelay) ?? conviction(delivery, this.#options);
  }

  /** What becomes of it after its handling has failed. */
  failed(delivery: Delivery, error: unknown): Settlement {
    const { once, clock, maxDelay } = this.#options;
    if (isA(error, GivenBack)) return this.released(delivery);
    if (isA(error, Expired)) return this.#drop(delivery, error.expired);
    if (once) return this.#drop(delivery, toWaybillError(error, "DROPPED"));
    return parkedRetry(failure(delivery, error, this.#options), clock.now(), maxDelay);
  }

  /** Gives back what was not handled, where that is still possible. */
  released(delivery: Delivery): Settlement {
    if (!this.#options.once) return { delivery, outcome: "release" };
    return this.#drop(
      delivery,
      new WaybillError("DROPPED", `the consumer stood still before message ${delivery.id} was handled`),
    );
  }

  #drop(delivery: Delivery, error: WaybillError): Settlement {
    this.#options.dropped(error);
    return { delivery, outcome: "ack", sends: [] };
  }
}
