import type { Inbox } from "@waybill/core";
import type { InboxName } from "./names.ts";

/** What a reply to an inbox's receivers is sent to; no two inboxes of a namespace have the same. */
export function addressOf({ source, group, shape }: Inbox): string {
  return JSON.stringify([shape.kind === "pattern" ? "pattern" : "source", source, group]);
}

/** The inbox that has this address; undefined for text that is none: it comes from the wire (FLT-3). */
export function inboxAt(address: string): InboxName | undefined {
  const [kind, source, group, ...others] = partsOf(address);
  if (typeof source !== "string" || typeof group !== "string" || others.length > 0) return undefined;
  if (kind !== "pattern" && kind !== "source") return undefined;
  return { source, group, isPattern: kind === "pattern" };
}

function partsOf(address: string): readonly unknown[] {
  try {
    const parts: unknown = JSON.parse(address);
    return Array.isArray(parts) ? parts : [];
  } catch {
    return [];
  }
}
