import type { DeadLetter, InboxHandle } from "@waybill/core";
import type { ExitCode, Invocation } from "./command.ts";
import { Progress } from "./progress.ts";

export type Move = "redrive" | "discard";
const done: Readonly<Record<Move, string>> = { redrive: "redriven", discard: "discarded" };

/** What to move: those that fit, at most so many. */
export interface Selected {
  readonly fits: (letter: DeadLetter) => boolean;
  readonly most: number;
}

/** Counts what `move` would take, without taking anything. */
export async function countLetters(
  { signal }: Invocation,
  inbox: InboxHandle,
  { fits, most }: Selected,
): Promise<number> {
  let count = 0;
  for await (const letter of inbox.deadLetters.list({ signal })) {
    if (fits(letter)) count += 1;
    if (count >= most) break;
  }
  return count;
}

/**
 * Redrives or discards, and says how many. Interrupted, it has done what it says and nothing else is touched: each letter is
 * moved in one step by the carrier (DLQ-6).
 */
export async function moveLetters(
  invocation: Invocation,
  inbox: InboxHandle,
  move: Move,
  { fits, most }: Selected,
): Promise<ExitCode> {
  const { args, output, signal } = invocation;
  const missing = new Set(args.all("id"));
  const enough = new AbortController();
  const progress = new Progress(output, undefined);
  let count = 0;
  const choose = (letter: DeadLetter): boolean => {
    if (count >= most || !fits(letter)) return false;
    count += 1;
    missing.delete(letter.id);
    if (count >= most) enough.abort();
    progress.show(count, count);
    return true;
  };
  try {
    await inbox.deadLetters[move](choose, { signal: AbortSignal.any([signal, enough.signal]) });
  } catch (error) {
    if (!signal.aborted && !enough.signal.aborted) throw error;
  } finally {
    progress.clear();
  }
  await output.result({ [done[move]]: count, interrupted: signal.aborted }, `${count} ${done[move]}`);
  if (signal.aborted) output.note("waybill: interrupted; the rest is where it was, run it again for it");
  for (const id of missing) output.note(`waybill: ${id} is not among the dead letters`);
  if (signal.aborted) return 130;
  return missing.size > 0 ? 1 : 0;
}
