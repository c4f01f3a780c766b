import type { Bus, InboxHandle } from "@waybill/core";
import type { Arguments } from "./arguments.ts";
import { anyPattern, anyQueue, anyTopic, isPattern } from "./definitions.ts";
import { type Layout, plain, withLayout } from "./layout.ts";
import { fromUser, UsageError } from "./usage-error.ts";

/** A group of a topic or pattern, or a queue, which has no group. */
export interface InboxName {
  readonly source: string;
  readonly group: string | undefined;
}

/** The inbox that operands and flags name: `<topic> <group>`, or `--queue <name>`. @throws UsageError */
export async function inboxNamed(bus: Bus, args: Arguments): Promise<InboxHandle> {
  const [source, group] = args.operands;
  const queue = args.text("queue");
  if (queue !== undefined && source !== undefined)
    throw new UsageError("give <topic> <group> or --queue <name>, not both");
  if (queue !== undefined) return await findInbox(bus, { source: queue, group: undefined });
  if (source === undefined || group === undefined) throw new UsageError("give <topic> <group>, or --queue <name>");
  return await findInbox(bus, { source, group });
}

/** `topic/group`, or the name of a queue, as the configuration has it. */
export function inboxNameOf(text: string): InboxName {
  const at = text.indexOf("/");
  return at < 0 ? { source: text, group: undefined } : { source: text.slice(0, at), group: text.slice(at + 1) };
}

/** An inbox, whatever its layout. Rejects with `MISSING` if it is not there. */
export async function findInbox(bus: Bus, name: InboxName): Promise<InboxHandle> {
  return await withLayout(plain, async (layout) => {
    const inbox = fromUser(() => inboxOf(bus, name, layout));
    await inbox.stats();
    return inbox;
  });
}

function inboxOf(bus: Bus, { source, group }: InboxName, layout: Layout): InboxHandle {
  if (group === undefined) return bus.inbox(anyQueue(source, layout));
  if (isPattern(source)) return bus.inbox(anyPattern(source, layout.groupOrdered), group);
  return bus.inbox(anyTopic(source, layout), group, layout.ordered && !layout.groupOrdered ? { ordered: false } : {});
}
