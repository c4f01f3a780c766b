import { inspect } from "node:util";
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
const mostDeaths = 5;
const empty: Note = { firstFailedAt: undefined, death: undefined, history: [] };

/** The note on a message; an empty one where there is none or a foreign hand broke it (FLT-3). */
export function readNote(headers: Headers): Note {
  const written = headers[header];
  if (written === undefined) return empty;
  try {
    const { firstFailedAt, death, history } = JSON.parse(written) as Readonly<Record<keyof Note, unknown>>;
    return {
      firstFailedAt: typeof firstFailedAt === "number" ? firstFailedAt : undefined,
      death: isDeath(death) ? death : undefined,
      history: Array.isArray(history) ? history.filter(isDeath).slice(-mostDeaths) : [],
    };
  } catch {
    return empty;
  }
}

function isDeath(value: unknown): value is Death {
  if (typeof value !== "object" || value === null) return false;
  const { reason, error, attempts, firstFailedAt, deadAt, source, group } = value as Readonly<
    Record<keyof Death, unknown>
  >;
  return (
    [reason, source, group].every((text) => typeof text === "string") &&
    [attempts, firstFailedAt, deadAt].every((number) => typeof number === "number") &&
    isFailure(error)
  );
}

function isFailure(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { name, message, code, stack } = value as Readonly<Record<keyof FailureInfo, unknown>>;
  return (
    [name, message].every((text) => typeof text === "string") &&
    [code, stack].every((text) => text === undefined || typeof text === "string")
  );
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
    death: { ...death, firstFailedAt, error: describeError(error) },
    history: pastOf(earlier),
  });
}

function pastOf({ death, history }: Note): readonly Death[] {
  if (death === undefined) return history;
  return [...history, withoutStack(death)].slice(-mostDeaths);
}

/** The note, where it is over its limit without the stack, then without the oldest deaths. */
function write(note: Note): Headers {
  let written = JSON.stringify(note);
  if (fits(written)) return { [header]: written };
  const death = note.death && withoutStack(note.death);
  for (let dropped = 0; dropped <= note.history.length; dropped += 1) {
    written = JSON.stringify({ ...note, death, history: note.history.slice(dropped) });
    if (fits(written)) return { [header]: written };
  }
  throw new Error("a note without stack and history is over its limit: the caps below do not add up");
}

function fits(written: string): boolean {
  return Buffer.byteLength(written) + header.length <= noteBytes;
}

function withoutStack(death: Death): Death {
  return { ...death, error: { ...death.error, stack: undefined } };
}

/** What can be said of anything that was thrown, though its own getters throw. */
export function describeError(error: unknown): FailureInfo {
  try {
    const thrown = error instanceof Error ? error : undefined;
    return {
      name: cut(thrown?.name ?? typeof error, 100),
      message: cut(thrown?.message ?? printed(error), 500),
      code: error instanceof WaybillError ? cut(error.code, 100) : undefined,
      stack: thrown?.stack === undefined ? undefined : cut(thrown.stack, 2_000),
    };
  } catch {
    return { name: typeof error, message: "what was thrown cannot be described", code: undefined, stack: undefined };
  }
}

/** Whatever was thrown, as text, however hostile. */
function printed(thrown: unknown): string {
  return typeof thrown === "string" ? thrown : inspect(thrown, { depth: 2, breakLength: Infinity });
}

/** At most `most` characters, well-formed. */
function cut(value: unknown, most: number): string {
  const text = String(value);
  return (text.length > most ? `${text.slice(0, most - 1)}…` : text).toWellFormed();
}
