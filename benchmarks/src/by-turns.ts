import { median } from "./figure.ts";

/**
 * The median of what each of several works says, by turns, so that whatever else the machine does hits all alike. A first turn
 * warms up and does not count.
 */
export async function byTurns<Name extends string>(
  turns: number,
  works: Readonly<Record<Name, () => Promise<number>>>,
): Promise<Readonly<Record<Name, number>>> {
  const entries = Object.entries<() => Promise<number>>(works);
  const values = new Map<string, number[]>(entries.map(([name]) => [name, []]));
  for (let turn = 0; turn <= turns; turn += 1) {
    for (const [name, work] of entries) {
      const value = await work();
      if (turn > 0) values.get(name)?.push(value);
    }
  }
  return Object.fromEntries([...values].map(([name, all]) => [name, median(all)])) as Record<Name, number>;
}
