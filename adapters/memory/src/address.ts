import type { Inbox } from "@waybill/core";

/** Where replies to an inbox's receivers are sent, and what it is known by: no two inboxes have the same. */
export function addressOf({ source, shape, group }: Inbox): string {
  return JSON.stringify([shape.kind, source, group]);
}
