import type { Delivery, Headers, WireMessage } from "@waybill/core";
import { copies } from "./slab.ts";

/** One message in one inbox, from when it is stored until it is settled for good. */
export interface Entry {
  readonly message: WireMessage;
  /** The order in which this inbox got it. */
  readonly seq: number;
  readonly storedAt: number;
  body: Uint8Array;
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

/** Copies that share nothing the sender could change. Member by member: it runs for every message. */
export function copiesOf(messages: readonly WireMessage[]): readonly WireMessage[] {
  const bodies = copies(messages.map(({ body }) => body));
  return messages.map(({ id, dedupe, source, key, headers, deliverAt, priority }, index) => {
    const body = bodies[index] ?? nothing;
    return { id, dedupe, source, key, headers: ownHeaders(headers), body, deliverAt, priority };
  });
}

/** The entries as one member gets them; the bytes are copies, the headers cannot be changed. */
export function deliveriesOf(entries: readonly Entry[]): readonly Delivery[] {
  const bodies = copies(entries.map(({ body }) => body));
  return entries.map(({ message, headers, failures, deliveries }, index) => {
    const { id, dedupe, source, key, deliverAt, priority } = message;
    const body = bodies[index] ?? nothing;
    return { id, dedupe, source, key, headers, body, deliverAt, priority, failures, deliveries, malformed: undefined };
  });
}

const nothing = new Uint8Array(0);

function ownHeaders(headers: Headers): Headers {
  return Object.isFrozen(headers) ? headers : Object.freeze({ ...headers });
}
