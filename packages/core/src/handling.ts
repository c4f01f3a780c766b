import type { WaybillError } from "./errors.ts";
import type { Message } from "./message.ts";
import type { Address, Inbox, WireMessage } from "./seam.ts";

/** A message that a handler has sent, and where to: it leaves with the ack (EFF-1). */
export type Sent = readonly [Address, WireMessage];

/** What a middleware is given of one handling: the message as its handler sees it, and what can be done about it. */
export interface Handling extends Message<unknown> {
  /** Whose copy of the message it is. */
  readonly inbox: Inbox;
  /** Whether it may have killed members before, and is handled alone (DLQ-4). */
  readonly suspect: boolean;
  /** Whether somebody waits for what the handler returns. */
  readonly isRequest: boolean;
  /** Fails the attempt with `TIMEOUT` in `ms`, unless it has ended or fails sooner anyway (ACK-5). */
  limit(ms: number): void;
  /** Whether the handling is over although its handler may still run. */
  readonly aborted: boolean;
  /** Fires the signal; the handler goes on until it ends. */
  abort(reason: WaybillError): void;
  /** Calls `run` when it is `aborted`: its timeout, a lost lease, the end of `close`'s grace. Costs no signal. */
  onAbort(run: (reason: WaybillError) => void): void;
  /** What the handler has sent so far, once all of it is checked; undefined where that is nothing. Rejects where it cannot leave. */
  effects(): Promise<readonly Sent[]> | undefined;
  /** Sends, with the ack, what an earlier handling of this message has sent, under the same ids. */
  adopt(effects: readonly Sent[]): void;
}
