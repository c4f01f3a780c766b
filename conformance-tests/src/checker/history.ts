/**
 * What was seen in a long run. A publish is `invoke`, then `ok` (confirmed), `fail` (not stored, says the bus) or `unknown`; one
 * without an end counts as unknown. `deliver` is the beginning of a handling, `done` its success, `dead` a letter found after the
 * final drain.
 */
export type HistoryEvent =
  | {
      readonly kind: "invoke";
      readonly n: number;
      readonly key?: string | undefined;
      /** Epoch ms before which it must not be delivered. */
      readonly deliverAt?: number | undefined;
      /** It fails whenever it is handled. */
      readonly poisoned?: boolean | undefined;
    }
  | { readonly kind: "ok" | "fail" | "unknown"; readonly n: number }
  | { readonly kind: "deliver"; readonly n: number; readonly group: string; readonly at: number }
  | { readonly kind: "done"; readonly n: number; readonly group: string; readonly at: number }
  | { readonly kind: "dead"; readonly n: number; readonly group: string };

/** The publishes and the groups a run had; events of one kind stand in the order they happened. */
export interface History {
  readonly groups: readonly string[];
  /** Whether messages of one key have to be handled in the order they were invoked. */
  readonly ordered: boolean;
  readonly events: readonly HistoryEvent[];
}
