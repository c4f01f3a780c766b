import type { Duration } from "./duration.ts";
import type { Message } from "./message.ts";

/** How many messages a handler gets at once, and how long it may wait for them (SUB-11). */
export interface BatchOptions {
  /** The most messages, at least 1; of an ordered topic one of a key. */
  readonly size: number;
  /** The longest that the first message waits for others. 0: whatever comes with it. */
  readonly wait: Duration;
}

/** What can be done about the messages of one batch. It can be taken apart. */
export interface Batch {
  /**
   * Fails the attempt of this one message, with the handler's end; the others go on. The first error counts.
   * @throws TypeError for a message that is not of this batch; WaybillError `CLOSED` after the handler has ended
   */
  readonly fail: (message: Message<unknown>, error: unknown) => void;
  /** Fires when the work of every message is no longer wanted: the timeout, which all share, lost leases, the end of `close`'s grace. */
  readonly signal: AbortSignal;
}

/** Returning settles all messages but those that were failed; throwing fails the attempt of all that were not. */
export type BatchHandler<T> = (messages: readonly Message<T>[], batch: Batch) => unknown;
