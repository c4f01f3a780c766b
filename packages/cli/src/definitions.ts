import type { Bus, InboxHandle, Pattern, Queue, Topic } from "@waybill/core";
import { pattern, queue, topic } from "@waybill/core";
import type { Arguments } from "./arguments.ts";
import { fromUser, UsageError } from "./usage-error.ts";

/** What a definition says beside its name. */
export interface Layout {
  readonly ordered: boolean;
  readonly priorities?: number | undefined;
  readonly version?: number | undefined;
  readonly key?: ((data: unknown) => string) | undefined;
}

const schema: Topic<unknown>["schema"] = {
  "~standard": { version: 1, vendor: "waybill", validate: (value) => ({ value }) },
};
const noKey = (): string => "";

/** A topic of any data. */
export function anyTopic(name: string, layout: Layout): Topic<unknown> {
  return fromUser(() => topic(name, optionsOf(layout)));
}

/** A queue of any data. */
export function anyQueue(name: string, layout: Layout): Queue<unknown> {
  return fromUser(() => queue(name, optionsOf(layout)));
}

/** A pattern of topics of any data. */
export function anyPattern(name: string, ordered = false): Pattern {
  return fromUser(() => pattern(name, { ordered }));
}

function optionsOf({ ordered, priorities = 1, version = 1, key }: Layout) {
  if (ordered) return { schema, version, ordered, key: key ?? noKey } as const;
  return { schema, version, priorities, ...(key === undefined ? {} : { key }) };
}

/** Whether it is a pattern and no single name. */
export function isPattern(name: string): boolean {
  return name.split(".").some((segment) => segment === "*" || segment === "#");
}

/**
 * The first candidate that the carrier does not refuse for its layout. The command line is not told what the code defines,
 * but the carrier knows what is there.
 */
export async function fitting<T>(candidates: readonly T[], probe: (candidate: T) => Promise<unknown>): Promise<T> {
  let mismatch: unknown;
  for (const candidate of candidates) {
    try {
      await probe(candidate);
      return candidate;
    } catch (error) {
      if (codeOf(error) !== "TOPOLOGY_MISMATCH") throw error;
      mismatch ??= error;
    }
  }
  throw mismatch;
}

/** The inbox that operands and flags name: `<topic> <group>`, or `--queue <name>`. @throws UsageError */
export async function inboxNamed(bus: Bus, args: Arguments): Promise<InboxHandle> {
  const [source, group, ...more] = args.operands;
  const name = args.text("queue");
  if (name !== undefined && source !== undefined)
    throw new UsageError("give <topic> <group> or --queue <name>, not both");
  if (name === undefined && (source === undefined || group === undefined || more.length > 0))
    throw new UsageError("give <topic> <group>, or --queue <name>");
  return await findInbox(
    bus,
    { source: name ?? source ?? "", group: name === undefined ? group : undefined },
    args.count("priorities"),
  );
}

/** The inbox of a queue, or of a group of a topic or pattern, whatever its layout. Rejects with `MISSING` if it is not there. */
export async function findInbox(
  bus: Bus,
  { source, group }: { readonly source: string; readonly group: string | undefined },
  priorities?: number,
): Promise<InboxHandle> {
  const candidates = group === undefined ? queues(bus, source, priorities) : groups(bus, source, { group, priorities });
  return await fitting(candidates, (handle) => handle.stats());
}

function queues(bus: Bus, name: string, priorities: number | undefined): readonly InboxHandle[] {
  return [anyQueue(name, { ordered: false, priorities }), anyQueue(name, { ordered: true })].map((one) =>
    bus.inbox(one),
  );
}

function groups(
  bus: Bus,
  name: string,
  { group, priorities }: { readonly group: string; readonly priorities: number | undefined },
): readonly InboxHandle[] {
  const [plain, ordered] = isPattern(name)
    ? [anyPattern(name), anyPattern(name, true)]
    : [anyTopic(name, { ordered: false, priorities }), anyTopic(name, { ordered: true })];
  return fromUser(() => [
    bus.inbox(plain, group),
    bus.inbox(ordered, group),
    bus.inbox(ordered, group, { ordered: false }),
  ]);
}

/** The code of a `WaybillError`, also of one from another copy of core. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && error.name === "WaybillError" && "code" in error ? String(error.code) : undefined;
}
