import type { History, HistoryEvent } from "./history.ts";

/** What became of one group's messages, by their numbers. */
export interface GroupVerdict {
  readonly group: string;
  /** Confirmed, and neither handled to the end nor dead. */
  readonly lost: readonly number[];
  /** Delivered, and never published or reported as not stored. */
  readonly unexpected: readonly number[];
  /** Handled to the end more than once: allowed under "at least once", and counted. */
  readonly duplicated: readonly number[];
  /** Delivered after a later message of its key. */
  readonly disordered: readonly number[];
  /** Delivered before its time. */
  readonly early: readonly number[];
  /** Dead though not poisoned, or dead twice. */
  readonly wronglyDead: readonly number[];
  /** Poisoned, confirmed, and not dead. */
  readonly notDead: readonly number[];
}

export interface Verdict {
  readonly published: number;
  readonly confirmed: number;
  readonly unknown: number;
  readonly groups: readonly GroupVerdict[];
  /** Whether every promise was kept; duplicates are no breach. */
  readonly kept: boolean;
}

type Invocation = Extract<HistoryEvent, { readonly kind: "invoke" }>;

interface Publishes {
  readonly invoked: ReadonlyMap<number, Invocation>;
  readonly ok: ReadonlySet<number>;
  readonly failed: ReadonlySet<number>;
}

const flaws = ["lost", "unexpected", "disordered", "early", "wronglyDead", "notDead"] as const;

/** Clocks are cut to whole ms, so a message may seem this much early. */
const clockSlack = 1;

/** Judges a history as Jepsen's total-queue checker does, for each group. */
export function check(history: History): Verdict {
  const publishes = publishesOf(history.events);
  const groups = history.groups.map((group) => checkGroup(history, group, publishes));
  const kept = groups.every((verdict) => flaws.every((flaw) => verdict[flaw].length === 0));
  const { invoked, ok, failed } = publishes;
  return {
    published: invoked.size,
    confirmed: ok.size,
    unknown: invoked.size - ok.size - failed.size,
    groups,
    kept,
  };
}

/** The verdict as lines of text. */
export function verdictTable({ published, confirmed, unknown, groups, kept }: Verdict): string {
  const names = ["lost", "unexpected", "duplicated", "disordered", "early", "wronglyDead", "notDead"] as const;
  const width = Math.max(5, ...groups.map(({ group }) => group.length));
  const rows = groups.map((verdict) =>
    [verdict.group.padEnd(width), ...names.map((name) => String(verdict[name].length).padStart(name.length))].join(
      "  ",
    ),
  );
  return [
    `published ${published}, confirmed ${confirmed}, unknown ${unknown}`,
    ["group".padEnd(width), ...names].join("  "),
    ...rows,
    kept ? "every promise was kept" : `BROKEN: ${JSON.stringify(groups)}`,
  ].join("\n");
}

function publishesOf(events: readonly HistoryEvent[]): Publishes {
  const invoked = new Map<number, Invocation>();
  const [ok, failed] = [new Set<number>(), new Set<number>()];
  for (const event of events) {
    if (event.kind === "invoke") invoked.set(event.n, event);
    if (event.kind === "ok") ok.add(event.n);
    if (event.kind === "fail") failed.add(event.n);
  }
  return { invoked, ok, failed };
}

function checkGroup({ events, ordered }: History, group: string, publishes: Publishes): GroupVerdict {
  const { invoked, ok, failed } = publishes;
  const of = <K extends HistoryEvent["kind"]>(kind: K): readonly Extract<HistoryEvent, { readonly kind: K }>[] =>
    events.filter(
      (event): event is Extract<HistoryEvent, { readonly kind: K }> =>
        event.kind === kind && "group" in event && event.group === group,
    );
  const delivered = [...of("deliver")].sort((one, other) => one.at - other.at);
  const done = of("done").map(({ n }) => n);
  const dead = of("dead").map(({ n }) => n);
  const [ended, buried] = [new Set([...done, ...dead]), new Set(dead)];
  const isPoisoned = (n: number): boolean => invoked.get(n)?.poisoned === true;
  return {
    group,
    lost: [...ok].filter((n) => !ended.has(n)),
    unexpected: [...new Set([...delivered.map(({ n }) => n), ...dead])].filter((n) => !invoked.has(n) || failed.has(n)),
    duplicated: repeated(done),
    disordered: ordered
      ? disorder(
          delivered.map(({ n }) => n),
          invoked,
        )
      : [],
    early: delivered.filter(({ n, at }) => at < (invoked.get(n)?.deliverAt ?? 0) - clockSlack).map(({ n }) => n),
    wronglyDead: [...new Set([...dead.filter((n) => !isPoisoned(n)), ...repeated(dead)])],
    notDead: [...ok].filter((n) => isPoisoned(n) && !buried.has(n)),
  };
}

function repeated(numbers: readonly number[]): readonly number[] {
  const seen = new Set<number>();
  const again = numbers.filter((n) => seen.has(n) || !seen.add(n));
  return [...new Set(again)];
}

/** Deliveries that come after a later one of their key. The same one again is no disorder. */
function disorder(delivered: readonly number[], invoked: ReadonlyMap<number, Invocation>): readonly number[] {
  const places = new Map([...invoked.keys()].map((n, place) => [n, place]));
  const latest = new Map<string, number>();
  return delivered.filter((n) => {
    const { key } = invoked.get(n) ?? {};
    if (key === undefined) return false;
    const place = places.get(n) ?? 0;
    const before = latest.get(key) ?? -1;
    latest.set(key, Math.max(before, place));
    return place < before;
  });
}
