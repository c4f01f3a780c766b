import type { Inbox, Visit } from "@waybill/core";
import { partsOf } from "./entry.ts";
import type { Argument } from "./packet.ts";
import { keysOfInbox } from "./names.ts";
import { judge } from "./scripts/letters.ts";
import type { Shared } from "./shared.ts";
import { type Held, heldOf, movedMeta, storedAt } from "./wire.ts";

export interface Walk {
  readonly inbox: Inbox;
  readonly base: string;
  readonly shared: Shared;
  readonly visit: Visit;
  readonly signal: AbortSignal;
}

/** How many letters are read at once. */
const pageSize = 100;

/** Shows the dead letters that are there when it starts, oldest first, and does with them what `visit` says (DLQ-5, DLQ-6). */
export async function walk({ inbox, base, shared, visit, signal }: Walk): Promise<void> {
  const dead = `${base}/dead`;
  const [last] = await entries(shared, ["XREVRANGE", dead, "+", "-", "COUNT", 1]);
  if (last === undefined) return;
  let after = "-";
  while (!signal.aborted) {
    const page = await entries(shared, ["XRANGE", dead, after, String(last[0]), "COUNT", pageSize]);
    const verdicts: Argument[] = [];
    let isOver = page.length === 0;
    try {
      for (const [id, fields] of page) {
        if (signal.aborted) return;
        const letter = heldOf({ entry: String(id), level: 0, times: 0, ...partsOf(fields) });
        const verdict = await visit(letter);
        isOver = verdict === "stop";
        if (isOver) break;
        if (verdict === "discard") verdicts.push("d", letter.entry);
        if (verdict === "redrive") verdicts.push(...redriven(letter));
      }
    } finally {
      await judged(shared, inbox, base, verdicts);
    }
    if (isOver) return;
    after = `(${String(page.at(-1)?.[0])}`;
  }
}

/** Fresh counts; when it was published is kept. */
function redriven(letter: Held): readonly Argument[] {
  const meta = movedMeta(letter, { failures: 0, deliveries: 0, at: storedAt(letter) });
  return ["r", letter.entry, letter.key ?? "", letter.priority, meta, letter.body];
}

async function judged(shared: Shared, inbox: Inbox, base: string, verdicts: readonly Argument[]): Promise<void> {
  if (verdicts.length === 0) return;
  const { priorities } = inbox.shape;
  const args = [base, Number(inbox.ordered), priorities, ...verdicts];
  await shared.ask((client) => client.run(judge, keysOfInbox(base, priorities), args));
}

type Entry = readonly [id: Buffer, fields: readonly Buffer[]];

async function entries(shared: Shared, [name, ...args]: readonly [string, ...Argument[]]): Promise<readonly Entry[]> {
  return (await shared.ask((client) => client.command(name, args))) as readonly Entry[];
}
