import type { DeadLetters } from "./dead-letters.ts";
import type { Position } from "./position.ts";
import type { Depth } from "./seam.ts";

/** One group's copy of a topic, or a queue: what an operator looks at. */
export interface InboxHandle {
  readonly source: string;
  readonly group: string;
  readonly deadLetters: DeadLetters;
  /** How much is ready, in flight, delayed and dead; undefined what the broker cannot tell (LIF-4). */
  stats(): Promise<Depth>;
  /**
   * Moves the group to a position in what its topic has kept: what is ready and delayed is dropped, and everything stored since
   * then comes again, to this group alone (SUB-8). Dead letters, and what is being handled, stay. On a queue, and on a topic
   * without `retain`, only `"now"` works: it empties the inbox.
   */
  seek(to: Position): Promise<void>;
  /** Removes the group or queue with everything in it, dead letters too (GRP-1). */
  remove(): Promise<void>;
}
