import type { Manifest } from "@waybill/core";
import type { Case, Ground } from "./case.ts";
import type { Controls } from "./controls.ts";
import type { Claim } from "./refusals.ts";

/** A case that an adapter is known to fail. It runs all the same and must still fail. */
export interface Waiver {
  readonly case: string;
  /** Why it fails, and what is done about it. Printed in every report. */
  readonly reason: string;
}

/** What is to be done with a case of one adapter. */
export type Entry = { readonly case: Case } & (
  | { readonly status: "owed" }
  | { readonly status: "waived"; readonly reason: string }
  | { readonly status: "unclaimed"; readonly claim: Claim }
  | { readonly status: "needs"; readonly what: string }
);

/** What an adapter gives each kind of source. */
export type Manifests = Readonly<Record<Ground, Manifest>>;

export interface PlanInput {
  readonly cases: readonly Case[];
  readonly manifests: Manifests;
  readonly controls: Controls;
  readonly waivers: readonly Waiver[];
}

/** What became of a case. `error` says why it is `failed`. */
export interface Outcome {
  readonly state: "passed" | "failed" | "waived";
  readonly error: unknown;
}

/**
 * What is to be done with each case.
 * @throws TypeError for a waiver without a reason, of a case that is not there, or of one that is not owed anyway
 */
export function planOf({ cases, manifests, controls, waivers }: PlanInput): readonly Entry[] {
  const reasons = new Map(waivers.map(({ case: id, reason }) => [id, reason]));
  const entries = cases.map((one): Entry => {
    const owed = one.owed(manifests[one.on ?? "queue"], controls);
    if (owed !== "owed" && "unclaimed" in owed) return { case: one, status: "unclaimed", claim: owed.unclaimed };
    if (owed !== "owed") return { case: one, status: "needs", what: owed.needs };
    const reason = reasons.get(one.id);
    return reason === undefined ? { case: one, status: "owed" } : { case: one, status: "waived", reason };
  });
  for (const waiver of waivers) check(waiver, entries);
  return entries;
}

/** What a run says: an owed case must not reject, a waived one must. */
export function judge(entry: Entry, rejected: { readonly error: unknown } | undefined): Outcome {
  if (entry.status !== "waived") {
    return rejected === undefined ? { state: "passed", error: undefined } : { state: "failed", error: rejected.error };
  }
  if (rejected !== undefined) return { state: "waived", error: undefined };
  const stale = `the waiver of ${entry.case.id} is stale, the case passes; remove it (its reason was: ${entry.reason})`;
  return { state: "failed", error: new Error(stale) };
}

function check({ case: id, reason }: Waiver, entries: readonly Entry[]): void {
  if (reason.trim() === "") throw new TypeError(`the waiver of ${id} has no reason; say why it fails`);
  const entry = entries.find((known) => known.case.id === id);
  if (entry === undefined) throw new TypeError(`a waiver names ${id}, which is no case`);
  if (entry.status !== "waived") throw new TypeError(`the waiver of ${id} is stale, the case is not owed; remove it`);
}
