import type { WireMessage } from "@waybill/core";
import type { Argument } from "./packet.ts";
import { keysOfInbox, keysOfSource } from "./names.ts";
import type { Route, Target } from "./routes.ts";
import { metaOf } from "./wire.ts";

/** What messages look like to `apply`: sections, and every key they touch. */
export interface Sections {
  readonly count: number;
  readonly args: readonly Argument[];
  readonly keys: readonly string[];
}

export const noSections: Sections = { count: 0, args: [], keys: [] };

/** To a topic or queue: a copy for each of its groups, and one for its log. */
export function topicSection({ source, version, shape, targets }: Route, messages: readonly WireMessage[]): Sections {
  const isLaned = shape.retainMs > 0 || targets.some(({ ordered }) => ordered);
  const args: Argument[] = ["T", source, version, targets.length];
  const keys = [...keysOfSource(source)];
  for (const { base, ordered, levels } of targets) {
    args.push(base, Number(ordered), levels);
    keys.push(...keysOfInbox(base, levels));
  }
  args.push(shape.retainMs);
  pushMessages(args, messages, isLaned);
  return { count: 1, args, keys };
}

/** To one inbox; where it is gone the call is refused, or what is for it left out. */
export function inboxSection(target: Target, messages: readonly WireMessage[], must: boolean): Sections {
  const { base, ordered, levels } = target;
  const args: Argument[] = ["B", base, Number(ordered), levels, Number(must)];
  pushMessages(args, messages, ordered);
  return { count: 1, args, keys: keysOfInbox(base, levels) };
}

export function joined(parts: readonly Sections[]): Sections {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  return {
    count: parts.reduce((sum, { count }) => sum + count, 0),
    args: parts.flatMap(({ args }) => args),
    keys: parts.flatMap(({ keys }) => keys),
  };
}

/** Two arguments for a message, or five where one of them has more to tell than its content. */
function pushMessages(args: Argument[], messages: readonly WireMessage[], isLaned: boolean): void {
  const isPlain = messages.every(
    ({ priority, deliverAt, key }) => priority === 0 && deliverAt === undefined && (!isLaned || key === undefined),
  );
  args.push(isPlain ? 2 : 5, messages.length);
  for (const message of messages) {
    args.push(metaOf(message), message.body);
    if (!isPlain) args.push(message.priority, message.key ?? "", message.deliverAt ?? "");
  }
}
