import { type Bus, type Depth, type Duration, type InboxHandle, milliseconds } from "@waybill/core";
import type { Command, Invocation } from "../command.ts";
import { findInbox, type InboxName, inboxNameOf } from "../inboxes.ts";
import { openBus } from "../open-bus.ts";
import { tableOf } from "../table.ts";
import { ageOf } from "../time.ts";
import { pause } from "../until.ts";
import { fromUser, UsageError } from "../usage-error.ts";

export const stats: Command = {
  name: "stats",
  summary: "Shows how much is ready, in flight, delayed and dead",
  operands: "[topic/group…]",
  details: [
    "Several at once, each `topic/group` or `--queue <name>`; without any, all that stand under `consumers` in the",
    "configuration. What the carrier cannot tell is shown as -.",
  ],
  flags: [
    { name: "queue", value: "name", summary: "a queue; may be given several times" },
    { name: "watch", summary: "again and again, until Ctrl-C" },
    { name: "interval", value: "time", summary: "with --watch: how often; default 1s" },
  ],
  examples: [`waybill stats order.placed/billing --queue email.send`, `waybill stats --watch`, `waybill stats --json`],
  run: async (invocation) => {
    const { args, signal } = invocation;
    const interval = fromUser(() => milliseconds((args.text("interval") ?? "1s") as Duration, "--interval"));
    const { bus, config } = await openBus(invocation);
    await using _ = bus;
    const inboxes = await inboxesOf(invocation, bus, Object.keys(config.settings.consumers ?? {}));
    do {
      await show(invocation, inboxes);
      if (args.has("watch")) await pause(interval, signal);
    } while (args.has("watch") && !signal.aborted);
    return signal.aborted && !invocation.output.closed.aborted ? 130 : 0;
  },
};

const lanes = ["ready", "inFlight", "delayed", "dead"] as const;

async function inboxesOf(
  { args }: Invocation,
  bus: Bus,
  configured: readonly string[],
): Promise<readonly InboxHandle[]> {
  const queues = args.all("queue").map((source): InboxName => ({ source, group: undefined }));
  const given = [...args.operands.map(groupNamed), ...queues];
  const wanted = given.length > 0 ? given : configured.map(inboxNameOf);
  if (wanted.length === 0) {
    throw new UsageError("give topic/group or --queue <name>; the configuration has no consumers to go by");
  }
  const found: InboxHandle[] = [];
  for (const one of wanted) found.push(await findInbox(bus, one));
  return found;
}

function groupNamed(text: string): InboxName {
  const name = inboxNameOf(text);
  if (name.group !== undefined && name.group !== "" && name.source !== "") return name;
  throw new UsageError(`${JSON.stringify(text)} names no inbox; write topic/group, or --queue ${text} for a queue`);
}

async function show({ args, output }: Invocation, inboxes: readonly InboxHandle[]): Promise<void> {
  const depths = await Promise.all(inboxes.map((inbox) => inbox.stats()));
  if (args.has("json")) {
    for (const [index, depth] of depths.entries()) {
      const { source, group } = inboxes[index] ?? { source: "", group: "" };
      await output.result({ source, group, ...depth }, "");
    }
    return;
  }
  const now = Date.now();
  const head = ["inbox", "ready", "in flight", "delayed", "dead", "oldest"];
  const rows = depths.map((depth, index) => [nameOf(inboxes[index]), ...cellsOf(depth), ageOf(depth.oldestAt, now)]);
  for (const line of tableOf([head, ...rows])) await output.text(line);
}

function cellsOf(depth: Depth): readonly string[] {
  return lanes.map((lane) => String(depth[lane] ?? "-"));
}

function nameOf(inbox: InboxHandle | undefined): string {
  if (inbox === undefined) return "";
  return inbox.source === inbox.group ? inbox.source : `${inbox.source}/${inbox.group}`;
}
