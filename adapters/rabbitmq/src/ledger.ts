import { type Headers, jsonIn } from "@waybill/core";

/** What is known of a message that stays in its place, so that its key keeps its order, though it has failed. */
export interface Line {
  readonly failures: number;
  /** How many members died while they may have had it in hand. */
  readonly crashes: number;
  /** How many of the server's returns are told by that. */
  readonly seen: number;
  /** Epoch ms before which it is not tried again. */
  readonly dueAt: number;
  /** Written over its headers. */
  readonly note: Headers;
}

/** Of one shard, by the ids of its messages: only those of which there is something to say. */
export type Ledger = Map<string, Line>;

export const blank: Line = Object.freeze({ failures: 0, crashes: 0, seen: 0, dueAt: 0, note: Object.freeze({}) });

export function textOf(ledger: Ledger): string {
  const lines = [...ledger].map(([id, line]) => [id, line.failures, line.crashes, line.seen, line.dueAt, line.note]);
  return JSON.stringify({ lines });
}

/** What was written; what nobody can read is left out (FLT-3). */
export function ledgerIn(text: string): Ledger {
  const { lines } = Object(jsonIn(text)) as { readonly lines?: unknown };
  const ledger: Ledger = new Map();
  for (const line of Array.isArray(lines) ? lines : []) {
    if (!Array.isArray(line)) continue;
    const [id, failures, crashes, seen, dueAt, note] = line as readonly unknown[];
    if (typeof id !== "string" || !isNote(note)) continue;
    const [known, returns] = [numberOf(crashes), numberOf(seen)];
    ledger.set(id, { failures: numberOf(failures), crashes: known, seen: returns, dueAt: numberOf(dueAt), note });
  }
  return ledger;
}

function isNote(note: unknown): note is Headers {
  if (typeof note !== "object" || note === null || Array.isArray(note)) return false;
  return Object.values(note).every((value) => typeof value === "string");
}

function numberOf(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}
