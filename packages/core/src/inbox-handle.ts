import type { DeadLetters } from "./dead-letters.ts";
import type { Depth } from "./seam.ts";

/** One group's copy of a topic, or a queue: what an operator looks at. */
export interface InboxHandle {
  readonly source: string;
  readonly group: string;
  readonly deadLetters: DeadLetters;
  /** How much is ready, in flight, delayed and dead; undefined what the broker cannot tell (LIF-4). */
  stats(): Promise<Depth>;
  /** Removes the group or queue with everything in it, dead letters too (GRP-1). */
  remove(): Promise<void>;
}
