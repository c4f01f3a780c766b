import type { Inbox, Shape } from "@waybill/core";

/** What stands in a queue's arguments of a definition's layout. */
export interface Layout {
  readonly kind: string;
  readonly ordered: boolean;
  readonly priorities: number;
  readonly retainMs: number;
}

/** What a topic's definition lays down. */
export function layoutOf({ kind, ordered, priorities, retainMs }: Shape): Layout {
  return { kind, ordered, priorities, retainMs };
}

/** What a group lays down, or a queue, whose one group is itself. */
export function inboxLayout({ shape, ordered }: Inbox): Layout {
  return { kind: shape.kind, ordered, priorities: shape.priorities, retainMs: 0 };
}

/** Short, for a refusal tells both of them in 255 bytes. */
export function textOf({ kind, ordered, priorities, retainMs }: Layout): string {
  return `${kind} ${ordered ? "ordered" : "plain"} ${priorities} ${retainMs}`;
}

/** The layout that is there, by the server's refusal of another one; undefined where its words were cut. */
export function layoutIn(refusal: string): Layout | undefined {
  const [, kind, order, priorities, retainMs] =
    /but current is '(\w+) (ordered|plain) (\d+) (\d+)'/.exec(refusal) ?? [];
  if (kind === undefined) return undefined;
  return { kind, ordered: order === "ordered", priorities: Number(priorities), retainMs: Number(retainMs) };
}
