import type { Inbox } from "./seam.ts";

/** An inbox of a namespace by its names alone. */
export interface InboxName {
  readonly source: string;
  readonly group: string;
  readonly isPattern: boolean;
}

export function nameOf({ source, group, shape }: Inbox): InboxName {
  return { source, group, isPattern: shape.kind === "pattern" };
}

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
