import { check } from "../checker/checker.ts";
import { rules } from "../checker/rules.ts";
import type { GroupVerdict } from "../checker/verdict.ts";
import type { Ledger, Violation } from "./ledger.ts";
import type { Group, Scenario } from "./scenario.ts";

const flaws: Readonly<Record<Exclude<keyof GroupVerdict, "group" | "duplicated">, readonly [string, string]>> = {
  lost: ["SUB-1", "was confirmed and never handled to the end"],
  unexpected: ["PUB-2", "was handled, though it was never published or reported as not stored"],
  disordered: ["ORD-1", "was handled after a later one of its key"],
  early: ["DLY-1", "was handled before its time"],
  wronglyDead: ["DLQ-1", "is dead, though it was not poisoned"],
  notDead: ["DLQ-1", "was poisoned and is not dead"],
};

/** What a group whose messages are delivered once or never does not answer for. */
const mayBeLost: ReadonlySet<string> = new Set(["lost", "notDead"]);

/** What a run has broken, once everything has come to rest. */
export function judge(ledger: Ledger, { groups, tasks }: Scenario): readonly Violation[] {
  return [
    ...ledger.violations,
    ...groups.flatMap((group) => checked(ledger, group)),
    ...groups.flatMap((group) => tasks.flatMap(({ n }) => summed(ledger, group, n))),
  ];
}

/** The ledger leaves out deliveries to zombies and of what was redriven, so none are counted here. */
const applicable = rules.filter(({ counts }) => counts !== "deliveries");

/** As the checker of long runs judges. */
function checked({ events }: Ledger, { name, ordered, once }: Group): readonly Violation[] {
  const own = events.filter((event) => !("group" in event) || event.group === name);
  const [verdict] = check({ groups: [name], ordered, events: own }, applicable).groups;
  if (verdict === undefined) return [];
  const owed = Object.entries(flaws).filter(([flaw]) => !once || !mayBeLost.has(flaw));
  return owed.flatMap(([flaw, [promise, what]]) =>
    verdict[flaw as keyof typeof flaws].map((n) => ({ promise, what: `${name}: ${n} ${what}`, n })),
  );
}

/**
 * Each copy that was stored ends once: among the dead, or with an ack and the one effect that leaves with it (EFF-1). What is
 * delivered at most once is handled at most once.
 */
function summed(ledger: Ledger, { name, once }: Group, n: number): readonly Violation[] {
  const copies = ledger.copies.get(n) ?? 0;
  const { effects, deaths, handlings } = ledger.fate(name, n);
  if (once ? handlings <= copies && effects <= handlings && deaths === 0 : effects + deaths === copies) return [];
  const what = `${name}: of ${n} ${copies} were stored, ${deaths} died, and ${effects} effects came of ${handlings} handlings`;
  return [{ promise: once ? "ACK-6" : "EFF-1", what, n }];
}
