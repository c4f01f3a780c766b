import type { Inbox } from "@waybill/core";
import { isGone } from "./gate.ts";
import { nameIn } from "./layout.ts";
import { prefixOf } from "./names.ts";
import type { Shared } from "./shared.ts";

const seenTag = "waybill:seen";

/** Says that an ephemeral inbox is in use. */
export async function markSeen({ api, topology, context }: Shared, inbox: Inbox): Promise<void> {
  const { levels } = await topology.queuesOf(inbox);
  await api.tagQueue(levels[0], { [seenTag]: `${context.clock.now()}` });
}

/** Removes the ephemeral inboxes that nobody has marked for half of `sweepMs`; says how many. */
export async function sweep({ api, topology, context, settings }: Shared): Promise<number> {
  let count = 0;
  for (const kind of ["e", "x"] as const) {
    for (const url of await api.queuesOf(`${prefixOf(context.namespace)}${kind}`)) {
      try {
        const tags = new Map(Object.entries(await api.tagsOfQueue(url)));
        const seenAt = Number(tags.get(seenTag) ?? 0);
        if (context.clock.now() - seenAt < settings.sweepMs / 2) continue;
        const inbox = inboxOf(tags, kind === "x");
        if (inbox === undefined) continue;
        await topology.removeInbox(inbox);
        count += 1;
      } catch (thrown) {
        // Another was faster.
        if (!isGone(thrown)) throw thrown;
      }
    }
  }
  return count;
}

function inboxOf(tags: ReadonlyMap<string, string>, isPattern: boolean): Inbox | undefined {
  const [source, group] = [nameIn("waybill:source", tags), nameIn("waybill:group", tags)];
  if (source === undefined || group === undefined) return undefined;
  const shape = { kind: isPattern ? "pattern" : "topic", ordered: false, priorities: 1, retainMs: 0 } as const;
  return { source, group, shape, ordered: false, ephemeral: true };
}
