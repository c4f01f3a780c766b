import type { Bus, Duration, Producer, Queue, Topic } from "@waybill/core";
import { milliseconds } from "@waybill/core";
import type { Arguments } from "./arguments.ts";
import { anyQueue, anyTopic, isPattern, type Published } from "./definitions.ts";
import { type Layout, plain, withLayout } from "./layout.ts";
import { fromUser, UsageError } from "./usage-error.ts";

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
  { name, key }: { readonly name: string; readonly key: Published["key"] },
): Promise<Producer<unknown>> {
  if (isPattern(name)) throw new UsageError(`"${name}" is a pattern; name one topic`);
  const published = { key, version: args.count("data-version") };
  const fits = await withLayout(layoutOf(args), async (layout) => {
    if (args.has("queue")) return await queueThere(bus, anyQueue(name, layout, published));
    return await topicThere(bus, anyTopic(name, layout, published));
  });
  if (fits.ordered && key === undefined) throw new UsageError(`"${name}" is ordered; give --key or --key-of`);
  return bus.producer(fits);
}

/** What the topic or queue is made with, if it is made. */
function layoutOf(args: Arguments): Layout {
  const retain = (args.text("retain") ?? 0) as Duration;
  return {
    ...plain,
    ordered: args.has("ordered"),
    priorities: args.count("priorities") ?? 1,
    retainMs: fromUser(() => milliseconds(retain, "--retain")),
  };
}

async function queueThere(bus: Bus, queue: Queue<unknown>): Promise<Queue<unknown>> {
  await bus.inbox(queue).stats();
  return queue;
}

/** Looks without leaving anything: a listener is gone when it closes. */
export async function topicThere(bus: Bus, topic: Topic<unknown>): Promise<Topic<unknown>> {
  const listener = await bus.listen(topic, () => undefined);
  await listener.close();
  return topic;
}

/** The key of each message, by `--key` or `--key-of`. @throws UsageError for both */
export function keyOf(args: Arguments): Published["key"] {
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
