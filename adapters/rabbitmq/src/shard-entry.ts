import { type Cancel, KeyedGate } from "@waybill/core";
import { blank, type Ledger, type Line } from "./ledger.ts";
import type { Held } from "./wire.ts";

/** A message that has come, as it is now. */
export interface Entry {
  /** Epoch ms. */
  readonly cameAt: number;
  held: Held;
  line: Line;
  inHand: boolean;
  timer: Cancel | undefined;
}

/** Deaths that nobody was written down for make a message suspicious and no more, for it may only have waited. */
export const suspicious = 2;

/** What is known of a message that has come, of which this was written down. */
export function lineOn(written: Line, { returns }: Held): Line {
  const untold = returns - written.seen;
  if (untold <= 0) return written;
  const crashes = Math.min(written.crashes + untold, Math.max(written.crashes, suspicious));
  return { ...written, crashes, seen: returns };
}

/** What becomes of an entry if its member dies now: `open` where nobody can tell. */
export type Fate = "open" | "waited" | "killed";

/** A ledger as it is to be written. */
export function linesOf(known: Ledger, entries: Iterable<Entry>, fateOf: (entry: Entry) => Fate): Ledger {
  const lines = new Map(known);
  for (const entry of entries) {
    const { held, line } = entry;
    const fate = fateOf(entry);
    const next =
      fate === "open" ? line : { ...line, crashes: line.crashes + (fate === "killed" ? 1 : 0), seen: held.returns + 1 };
    if (next === blank) lines.delete(held.id);
    else lines.set(held.id, next);
  }
  return lines;
}

/** The delivery, with what is known of it. */
export function withLine(held: Held, line: Line): Held {
  if (line === blank && held.returns === 0) return held;
  const { failures, crashes, note } = line;
  return {
    ...held,
    failures: (held.state.failures ?? 0) + failures,
    deliveries: 1 + (held.state.deliveries ?? 0) + failures + crashes,
    headers: { ...held.headers, ...note },
  };
}

/** Those that are not in hand, which are taken out. */
export function takeWaiting(entries: Map<number, Entry>): readonly Entry[] {
  const waiting = [...entries.values()].filter(({ inHand }) => !inHand);
  for (const { held, timer } of waiting) {
    timer?.();
    entries.delete(held.tag);
  }
  return waiting;
}

/** With these in front of their keys. */
export function gateOf(entries: Iterable<Entry>): KeyedGate<Entry> {
  const gate = new KeyedGate<Entry>();
  for (const entry of entries) if (entry.held.key !== undefined) gate.enter(entry.held.key, entry);
  return gate;
}
