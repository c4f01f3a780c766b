import type { Manifest } from "@waybill/core";
import type { Bench } from "./bench.ts";
import type { Controls } from "./controls.ts";
import type { Claim } from "./refusals.ts";

/**
 * Whether an adapter owes a case: yes; no, because its manifest does not claim what it is about (then a second case shows that
 * asking for it is refused); or no, because the suite was not given what it needs to show it.
 */
type Owed = "owed" | { readonly unclaimed: Claim } | { readonly needs: string };

export type OwedRule = (manifest: Manifest, controls: Controls) => Owed;

/** What a case works on. */
export type Ground = "queue" | "topic" | "ordered queue" | "ordered topic";

/** One way to show that a promise is kept. */
export interface Case {
  /** The promise's id, and a word where it has several cases: `DLQ-5/discard`. */
  readonly id: string;
  /** The id of its promise. */
  readonly promise: string;
  /** What it shows, in the present tense. */
  readonly shows: string;
  readonly owed: OwedRule;
  /** Whose manifest decides what is owed, and bounds what the case waits for. Default `queue`. */
  readonly on?: Ground | undefined;
  /** It looks at the whole process, so no other case may run beside it. */
  readonly alone?: true | undefined;
  /** Rejects if the promise is broken. */
  run(bench: Bench): Promise<void>;
}

/** The cases of one promise, given by what they add to its id; `""` for the promise's own id. */
export function casesOf(
  promise: string,
  parts: Readonly<Record<string, Omit<Case, "id" | "promise">>>,
): readonly Case[] {
  return Object.entries(parts).map(([part, rest]) => ({
    id: part === "" ? promise : `${promise}/${part}`,
    promise,
    ...rest,
  }));
}
