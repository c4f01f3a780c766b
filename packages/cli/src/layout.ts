import { layoutThere } from "@waybill/core";
import { UsageError } from "./usage-error.ts";

/** How a topic, pattern or queue is laid out, and its inbox. */
export interface Layout {
  readonly ordered: boolean;
  readonly priorities: number;
  readonly retainMs: number;
  /** Whether the group wants its topic's order. */
  readonly groupOrdered: boolean;
}

/** What a definition says that says nothing. */
export const plain: Layout = { ordered: false, priorities: 1, retainMs: 0, groupOrdered: false };

/**
 * What `use` gives with the layout that is there. The command line is not told what the code defines, but the carrier knows,
 * and says what differs: first of the source, then of the group.
 */
export async function withLayout<T>(first: Layout, use: (layout: Layout) => Promise<T>): Promise<T> {
  let layout = first;
  for (let tries = 1; ; tries += 1) {
    try {
      return await use(layout);
    } catch (error) {
      const there = layoutThere(error);
      if (there.size === 0 || tries > 2) throw error;
      layout = learned(layout, there, error);
    }
  }
}

function learned(layout: Layout, there: ReadonlyMap<string, string>, error: unknown): Layout {
  const kind = there.get("kind");
  if (kind !== undefined)
    throw new UsageError(`there is a ${kind} of this name; ${advice[kind] ?? ""}`, { cause: error });
  const ordered = there.has("ordered") ? there.get("ordered") === "true" : undefined;
  if (error instanceof Error && error.message.startsWith("group "))
    return { ...layout, groupOrdered: ordered ?? false };
  return {
    ordered: ordered ?? layout.ordered,
    groupOrdered: ordered ?? layout.groupOrdered,
    priorities: Number(there.get("priorities") ?? layout.priorities),
    retainMs: Number(there.get("retainMs") ?? layout.retainMs),
  };
}

const advice: Readonly<Record<string, string>> = {
  queue: "name it with --queue",
  topic: "leave out --queue",
};
