import type { Bus, Message } from "@waybill/core";
import type { Command, ExitCode, Invocation } from "../command.ts";
import { anyPattern, anyTopic, isPattern } from "../definitions.ts";
import { topicThere } from "../destination.ts";
import { plain, withLayout } from "../layout.ts";
import { openBus } from "../open-bus.ts";
import { timeOf } from "../time.ts";
import { until } from "../until.ts";

export const tail: Command = {
  name: "tail",
  summary: "Shows the messages of a topic, or of all topics that fit a pattern, as they come",
  operands: "<topic|pattern>",
  details: ["It listens by itself: no group loses a message to it. In a pattern, * is one segment and # any number."],
  flags: [{ name: "count", value: "n", summary: "end after this many" }],
  examples: [
    `waybill tail order.placed`,
    `waybill tail 'order.#' --json | jq .data`,
    `waybill tail order.placed --count 1`,
  ],
  run: async (invocation) => {
    const { bus } = await openBus(invocation);
    await using _ = bus;
    return await listen(invocation, bus);
  },
};

async function listen({ args, output, signal }: Invocation, bus: Bus): Promise<ExitCode> {
  const [name = ""] = args.operands;
  const most = args.count("count") ?? Infinity;
  const enough = new AbortController();
  let seen = 0;
  const show = async (message: Message<unknown>): Promise<void> => {
    if (seen >= most || !(isPattern(name) || message.type === name)) return;
    seen += 1;
    await output.result(recordOf(message), textOf(message));
    if (seen >= most) enough.abort();
  };
  const source = await sourceNamed(bus, name);
  // One at a time, so that they are shown as they come.
  await using _ = await bus.listen(source, show, { concurrency: 1 });
  if (!args.has("json")) output.note(`listening to ${name}; Ctrl-C ends it`);
  await until(AbortSignal.any([signal, enough.signal]));
  return enough.signal.aborted || output.closed.aborted ? 0 : 130;
}

/**
 * What takes messages of any version, where the carrier can: a pattern does, which for a single topic is as narrow as patterns
 * get. Rejects with `MISSING` for a topic that is not there.
 */
async function sourceNamed(bus: Bus, name: string) {
  if (isPattern(name)) return anyPattern(name);
  const fits = await withLayout(plain, (layout) => topicThere(bus, anyTopic(name, layout)));
  return bus.manifest(fits).can.has("patterns") ? anyPattern(`${name}.#`) : fits;
}

function recordOf({
  id,
  type,
  source,
  timestamp,
  version,
  correlationId,
  causationId,
  key,
  headers,
  data,
}: Message<unknown>) {
  return { id, type, source, time: timeOf(timestamp), version, correlationId, causationId, key, headers, data };
}

function textOf({ type, timestamp, key, headers, data }: Message<unknown>): string {
  const more = Object.entries(headers).map(([name, value]) => ` ${name}=${value}`);
  return `${timeOf(timestamp)}  ${type}${key === undefined ? "" : `  key=${key}`}${more.join("")}  ${JSON.stringify(data)}`;
}
