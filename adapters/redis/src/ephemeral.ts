import type { Inbox, Shape } from "@waybill/core";

/** An ephemeral inbox as the register has it. */
export function ephemeralText({ source, group, shape }: Inbox): string {
  return JSON.stringify([shape.kind, shape.priorities, source, group]);
}

/** Undefined for what somebody else wrote there. */
export function ephemeralOf(text: string): Inbox | undefined {
  const read = readArray(text);
  const [kind, priorities, source, group] = read as [Shape["kind"], number, string, string];
  const isOurs = typeof source === "string" && typeof group === "string" && Number.isInteger(priorities);
  if (!isOurs) return undefined;
  return { source, group, shape: { kind, priorities, ordered: false, retainMs: 0 }, ordered: false, ephemeral: true };
}

function readArray(text: string): readonly unknown[] {
  try {
    const read: unknown = JSON.parse(text);
    return Array.isArray(read) ? read : [];
  } catch {
    return [];
  }
}
