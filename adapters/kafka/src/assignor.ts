import type { Partition, Share } from "./driver.ts";

/** Partitions that one member has together. */
export interface Unit {
  readonly partitions: readonly Partition[];
}

export interface Claimant {
  readonly id: string;
  /** In which generation it got what it has. */
  readonly generation: number;
  readonly owned: readonly Partition[];
  /** It has no room for what waits: whoever has some should get it. */
  readonly isFull: boolean;
}

/**
 * Shares each list of units out evenly, so that nobody holds two more of it than another, among those that have room, or all. Whoever has something keeps it while that is
 * fair. What it has to give up is given to nobody yet: it lets go of it first, and the next round gives it away (ORD-2, SUB-13).
 */
export function sharesOf(lists: readonly (readonly Unit[])[], claimants: readonly Claimant[]): readonly Share[] {
  const owners = ownersOf(claimants);
  const all = claimants.map(({ id }) => id).toSorted((one, other) => (one < other ? -1 : 1));
  const full = new Set(claimants.filter(({ isFull }) => isFull).map(({ id }) => id));
  const ids = full.size === all.length ? all : all.filter((id) => !full.has(id));
  const shares = new Map<string, Partition[]>(all.map((id) => [id, []]));
  for (const units of lists) {
    // What one list gives to some too many, the next one makes up for.
    const order = ids.toSorted((one, other) => (shares.get(one)?.length ?? 0) - (shares.get(other)?.length ?? 0));
    shareOut(units, owners, order, shares);
  }
  return all.map((id) => ({ id, partitions: shares.get(id) ?? [] }));
}

function shareOut(
  units: readonly Unit[],
  owners: ReadonlyMap<string, string>,
  ids: readonly string[],
  shares: ReadonlyMap<string, Partition[]>,
): void {
  const least = Math.floor(units.length / ids.length);
  let extra = units.length % ids.length;
  const held = new Map<string, Unit[]>(ids.map((id) => [id, []]));
  const free: Unit[] = [];
  for (const unit of units) {
    const owner = unit.partitions.map((one) => owners.get(keyOf(one))).find((id) => id !== undefined);
    if (owner === undefined) free.push(unit);
    // Who is full lets go of what it has first.
    else held.get(owner)?.push(unit);
  }
  const counts = new Map<string, number>();
  const most = ids.toSorted((one, other) => (held.get(other)?.length ?? 0) - (held.get(one)?.length ?? 0));
  for (const id of most) {
    const mine = held.get(id) ?? [];
    const fair = mine.length > least && extra > 0 ? least + 1 : least;
    if (fair > least) extra -= 1;
    const kept = mine.slice(0, fair);
    for (const unit of kept) shares.get(id)?.push(...unit.partitions);
    counts.set(id, kept.length);
  }
  for (const unit of free) {
    const [poorest = ""] = ids.toSorted((one, other) => (counts.get(one) ?? 0) - (counts.get(other) ?? 0));
    shares.get(poorest)?.push(...unit.partitions);
    counts.set(poorest, (counts.get(poorest) ?? 0) + 1);
  }
}

/** Who has what; of two that say so, who got it later. */
function ownersOf(claimants: readonly Claimant[]): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  for (const { id, owned } of claimants.toSorted((one, other) => one.generation - other.generation))
    for (const partition of owned) owners.set(keyOf(partition), id);
  return owners;
}

export function keyOf({ topic, partition }: Partition): string {
  return `${topic}/${partition}`;
}
