import type { Client } from "./client.ts";
import { keysOfInbox, readyKey } from "./names.ts";
import { again } from "./scripts/members.ts";
import { type Held, heldOf } from "./wire.ts";
import { partsOf } from "./entry.ts";

export interface RecoveryOptions {
  readonly base: string;
  readonly levels: number;
  readonly name: string;
  /** What the member knows it has. */
  readonly known: readonly Held[];
}

/** More than a member ever holds. */
const most = 10_000;
/** What a script can unpack, and does not take long. */
const atOnce = 1_000;

/** What the server says a member has and it has never heard of, because the answer that brought it was lost. */
export async function recovered(client: Client, options: RecoveryOptions): Promise<readonly Held[]> {
  const { base, levels, name, known } = options;
  const isKnown = new Set(known.map(({ entry, level }) => `${level} ${entry}`));
  const keys = keysOfInbox(base, levels);
  const held: Held[] = [];
  for (let level = levels - 1; level >= 0; level -= 1) {
    const ready = readyKey(base, level);
    const pending = (await client.command("XPENDING", [ready, "g", "-", "+", most, name])) as readonly Pending[];
    const times = new Map(pending.map(([id, , , count]) => [String(id), Number(count) + 1]));
    const ids = [...times.keys()].filter((id) => !isKnown.has(`${level} ${id}`));
    for (let from = 0; from < ids.length; from += atOnce) {
      const args = [base, name, level, ...ids.slice(from, from + atOnce)];
      for (const entry of (await client.run(again, keys, args)) as readonly (Entry | null)[]) {
        if (entry === null) continue;
        const id = String(entry[0]);
        held.push(heldOf({ entry: id, level, times: times.get(id) ?? 1, ...partsOf(entry[1]) }));
      }
    }
  }
  return held;
}

type Pending = readonly [id: Buffer, consumer: Buffer, idle: number, count: number];
type Entry = readonly [id: Buffer, fields: readonly Buffer[]];
