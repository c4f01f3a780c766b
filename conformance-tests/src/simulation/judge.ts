import { check, type GroupVerdict } from "../checker/checker.ts";
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

/** What a run has broken, once everything has come to rest. */
export function judge(ledger: Ledger, { groups, tasks }: Scenario): readonly Violation[] {
  return [
    ...ledger.violations,
    ...groups.flatMap((group) => checked(ledger, group)),
    ...groups.flatMap(({ name }) => tasks.flatMap(({ n }) => summed(ledger, name, n))),
  ];
}

/** As the checker of long runs judges. */
function checked({ events }: Ledger, { name, ordered }: Group): readonly Violation[] {
  const [verdict] = check({ groups: [name], ordered, events }).groups;
  if (verdict === undefined) return [];
  return Object.entries(flaws).flatMap(([flaw, [promise, what]]) =>
    verdict[flaw as keyof typeof flaws].map((n) => ({ promise, what: `${name}: ${n} ${what}`, n })),
  );
}

/** Each copy that was stored ends once: among the dead, or with an ack and the one effect that leaves with it (EFF-1). */
function summed(ledger: Ledger, group: string, n: number): readonly Violation[] {
  const copies = ledger.copies.get(n) ?? 0;
  const { effects, deaths } = ledger.fate(group, n);
  if (effects + deaths === copies) return [];
  const what = `${group}: of ${n} ${copies} were stored, ${deaths} died, and ${effects} effects came of it`;
  return [{ promise: "EFF-1", what, n }];
}
