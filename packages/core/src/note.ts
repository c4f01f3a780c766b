import { WaybillError } from "./errors.ts";
import type { Headers } from "./seam.ts";

/**
 * Why a message is dead. `exhausted`: its last attempt failed; `permanent`: an attempt failed for good; `malformed`: it could
 * not be decoded; `invalid`: its data does not match the schema; `unknown-type` and `unknown-version`: nobody here knows it;
 * `crashed`: it was in the hands of too many members that died.
 */
export type DeadReason =
  | "exhausted"
  | "permanent"
  | "malformed"
  | "invalid"
  | "unknown-type"
  | "unknown-version"
  | "crashed";

export interface FailureInfo {
  readonly name: string;
  readonly message: string;
  readonly code: string | undefined;
  readonly stack: string | undefined;
}

/** How one life of a message ended. A redriven message starts another. */
export interface Death {
  readonly reason: DeadReason;
  readonly error: FailureInfo;
  /** Failed attempts in that life. */
  readonly attempts: number;
  /** Epoch ms. */
  readonly firstFailedAt: number;
  readonly deadAt: number;
  readonly source: string;
  readonly group: string;
}

/** What core writes on a message that failed: it rides in one header, and only on messages that failed. */
export interface Note {
  readonly firstFailedAt: number | undefined;
  readonly death: Death | undefined;
  /** Earlier deaths, oldest first, at most 5, without stacks (DLQ-6). */
  readonly history: readonly Death[];
}

/** The most a note takes of a header block, in bytes; adapters take it off their `maxHeaderBytes` (DLQ-1: it always fits). */
export const noteBytes = 8_192;

const header = "waybill-note";
const empty: Note = { firstFailedAt: undefined, death: undefined, history: [] };

/** The note on a message; an empty one where there is none or a foreign hand broke it. */
export function readNote(headers: Headers): Note {
  const written = headers[header];
  if (written === undefined) return empty;
  try {
    return { ...empty, ...(JSON.parse(written) as Partial<Note>) };
  } catch {
    return empty;
  }
}

/** The note for a message that will be tried again. A death still on it moves into its history. */
export function retryNote(headers: Headers, now: number): Headers {
  const earlier = readNote(headers);
  const firstFailedAt = earlier.death === undefined ? (earlier.firstFailedAt ?? now) : now;
  return write({ firstFailedAt, death: undefined, history: pastOf(earlier) });
}

/** The note for a dead letter. */
export function deathNote(headers: Headers, death: Omit<Death, "firstFailedAt" | "error">, error: unknown): Headers {
  const earlier = readNote(headers);
  const firstFailedAt = earlier.death === undefined ? (earlier.firstFailedAt ?? death.deadAt) : death.deadAt;
  return write({
    firstFailedAt,
    death: { ...death, firstFailedAt, error: describe(error) },
    history: pastOf(earlier),
  });
}

function pastOf({ death, history }: Note): readonly Death[] {
  if (death === undefined) return history;
  return [...history, { ...death, error: { ...death.error, stack: undefined } }].slice(-5);
}

function write(note: Note): Headers {
  const lighter = note.death && { ...note.death, error: { ...note.death.error, stack: undefined } };
  for (const smaller of [note, { ...note, death: lighter }, { ...note, death: lighter, history: [] }]) {
    const written = JSON.stringify(smaller);
    if (Buffer.byteLength(written) + header.length <= noteBytes) return { [header]: written };
  }
  throw new Error("a note without stack and history is over its limit: the caps below do not add up");
}

function describe(error: unknown): FailureInfo {
  const thrown = error instanceof Error ? error : undefined;
  return {
    name: cut(thrown?.name ?? typeof error, 100),
    message: cut(thrown?.message ?? printed(error), 500),
    code: error instanceof WaybillError ? error.code : undefined,
    stack: thrown?.stack === undefined ? undefined : cut(thrown.stack, 2_000),
  };
}

function printed(error: unknown): string {
  try {
    return typeof error === "string" ? error : (JSON.stringify(error) ?? String(error));
  } catch {
    return Object.prototype.toString.call(error);
  }
}

/** At most `most` characters, well-formed. */
function cut(value: unknown, most: number): string {
  const text = String(value);
  return (text.length > most ? `${text.slice(0, most - 1)}…` : text).toWellFormed();
}
