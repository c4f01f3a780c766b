import { DeadLetters } from "./dead-letters.ts";
import type { AnyDefinition } from "./definition.ts";
import { placesOf, sourceOf } from "./inbox.ts";
import { supported } from "./outlets.ts";
import { type Position, startAt } from "./position.ts";
import type { Depth, Inbox, Transport } from "./seam.ts";

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

/** The handle of an inbox that is made when it is first used. */
export function inboxHandle(transport: Transport, definition: AnyDefinition, inbox: Inbox): InboxHandle {
  const places = placesOf(definition, inbox);
  const ready = (): Promise<void> => transport.declare(places);
  const seek = async (to: Position): Promise<void> => {
    const start = startAt(to, true, definition, supported(transport, definition));
    await transport.declare(placesOf(definition, inbox, start));
  };
  return {
    source: inbox.source,
    group: inbox.group,
    deadLetters: new DeadLetters(transport, inbox, definition, ready),
    seek,
    stats: () => ready().then(() => transport.depth(inbox)),
    // A queue without its one group would take what is sent to it and keep nothing.
    remove: () =>
      transport.remove(
        definition.kind === "queue"
          ? sourceOf(definition)
          : { kind: "inbox", inbox, start: { from: "now", reset: false } },
      ),
  };
}
