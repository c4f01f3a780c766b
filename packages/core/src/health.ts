import type { ConsumerHealth } from "./consumer.ts";
import type { WaybillError } from "./errors.ts";

/** Whether a bus makes progress, as far as there is any to make (LIF-3). */
export interface Health {
  readonly healthy: boolean;
  readonly publishing: PublishingHealth;
  readonly consumers: readonly ConsumerHealth[];
}

/** Whether what is published gets to the carrier. */
export interface PublishingHealth {
  readonly healthy: boolean;
  /** How many messages wait to be stored. */
  readonly waiting: number;
  /** Why none of a topic or queue was for so long; undefined when healthy. */
  readonly error: WaybillError | undefined;
}
