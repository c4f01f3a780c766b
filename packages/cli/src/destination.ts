import type { Bus, Producer } from "@waybill/core";
import type { Arguments } from "./arguments.ts";
import { anyQueue, anyTopic, fitting, isPattern, type Layout } from "./definitions.ts";
import { UsageError } from "./usage-error.ts";

/** The name of the topic or queue, and the data among the operands. @throws UsageError */
export function destinationOf(args: Arguments): readonly [string, readonly string[]] {
  const queue = args.text("queue");
  if (queue !== undefined) return [queue, args.operands];
  const [topic, ...data] = args.operands;
  if (topic === undefined) throw new UsageError("give a topic, or --queue <name>");
  return [topic, data];
}

/** A producer for the topic or queue, whatever its layout. Rejects with `MISSING` if it is not there and not to be made. */
export async function producerFor(
  bus: Bus,
  args: Arguments,
  { name, key }: { readonly name: string; readonly key: Layout["key"] },
): Promise<Producer<unknown>> {
  if (isPattern(name)) throw new UsageError(`"${name}" is a pattern; name one topic`);
  const layout = { key, priorities: args.count("priorities"), version: args.count("data-version") };
  const layouts: readonly Layout[] = [
    { ...layout, ordered: false },
    { ...layout, ordered: true },
  ];
  const usable = args.has("ordered") ? layouts.toReversed() : layouts;
  const fits = args.has("queue") ? await queueThere(bus, name, usable) : await topicThere(bus, name, usable);
  if (fits.ordered && key === undefined) throw new UsageError(`"${name}" is ordered; give --key or --key-of`);
  return bus.producer(fits);
}

async function queueThere(bus: Bus, name: string, layouts: readonly Layout[]) {
  const candidates = layouts.map((layout) => anyQueue(name, layout));
  return await fitting(candidates, (candidate) => bus.inbox(candidate).stats());
}

async function topicThere(bus: Bus, name: string, layouts: readonly Layout[]) {
  const candidates = layouts.map((layout) => anyTopic(name, layout));
  return await fitting(candidates, async (candidate) => (await bus.listen(candidate, () => undefined)).close());
}

/** The key of each message, by `--key` or `--key-of`. @throws UsageError for both */
export function keyOf(args: Arguments): Layout["key"] {
  const key = args.text("key");
  const member = args.text("key-of");
  if (key !== undefined && member !== undefined) throw new UsageError("give --key or --key-of, not both");
  if (key !== undefined) return () => key;
  return member === undefined ? undefined : (data) => memberOf(data, member);
}

function memberOf(data: unknown, member: string): string {
  const value: unknown =
    typeof data === "object" && data !== null && Object.hasOwn(data, member)
      ? (data as Readonly<Record<string, unknown>>)[member]
      : undefined;
  if (typeof value === "string" || typeof value === "number") return String(value);
  throw new TypeError(`the data has no "${member}" that could be its key; it has to be a string or a number`);
}
