import type { Clock } from "./clock.ts";
import type { AnyDefinition } from "./definition.ts";
import type { WaybillError } from "./errors.ts";
import type { Isolation } from "./isolation.ts";
import type { ComposeEffect } from "./job.ts";
import type { Handle } from "./middleware.ts";
import type { Backoff } from "./seam.ts";
import type { VerdictContext } from "./verdict.ts";

/** What a consumer's runner works with. */
export interface RunnerOptions extends VerdictContext {
  readonly definition: AnyDefinition;
  readonly handle: Handle;
  readonly concurrency: number;
  /** ms; `Infinity` for none. */
  readonly timeout: number;
  readonly maxHeldBytes: number;
  readonly clock: Clock;
  readonly backoff: Backoff;
  readonly isolation: Isolation;
  readonly compose: ComposeEffect;
  /** Delivered at most once: settled before it is handled (ACK-6). */
  readonly once: boolean;
  /** The longest delay the carrier can keep by itself, ms. */
  readonly maxDelay: number;
  /** Gives back what `handle` has taken and not begun; called when the consumer stands still. */
  readonly giveBack?: (() => void) | undefined;
  /** Called with what an operator would ask about: a lost lease, a dropped message, a settlement that fails. */
  readonly report: (kind: "dropped" | "lost" | "settle-failed", error: WaybillError) => void;
}
