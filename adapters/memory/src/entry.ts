import type { Headers, WireMessage } from "@waybill/core";

/** One message in one inbox, from when it is stored until it is settled for good. */
export interface Entry {
  readonly message: WireMessage;
  /** The order in which this inbox got it. */
  readonly seq: number;
  readonly storedAt: number;
  headers: Headers;
  failures: number;
  deliveries: number;
  /** Not delivered before this epoch ms. */
  dueAt: number;
}

/** Higher priority first, then as stored. */
export function comesBefore(one: Entry, other: Entry): boolean {
  const byPriority = other.message.priority - one.message.priority;
  return byPriority < 0 || (byPriority === 0 && one.seq < other.seq);
}

/** A copy that shares nothing a caller could change. */
export function copyOf(message: WireMessage): WireMessage {
  return { ...message, headers: { ...message.headers }, body: message.body.slice() };
}
