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

/** A ledger as it is to be written: what does not count will be given back without having been in hand. */
export function linesOf(known: Ledger, entries: Iterable<Entry>, isCounted: (entry: Entry) => boolean): Ledger {
  const lines = new Map(known);
  for (const entry of entries) {
    const { held, line } = entry;
    const next = isCounted(entry) ? line : { ...line, uncounted: line.uncounted + 1 };
    if (next === blank) lines.delete(held.id);
    else lines.set(held.id, next);
  }
  return lines;
}

/** The delivery, with what is known of it. */
export function withLine(held: Held, { failures, uncounted, note }: Line): Held {
  if (failures === 0 && uncounted === 0 && Object.keys(note).length === 0) return held;
  return {
    ...held,
    failures: (held.state.failures ?? 0) + failures,
    deliveries: Math.max(1, 1 + (held.state.deliveries ?? 0) + held.returns - uncounted),
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
