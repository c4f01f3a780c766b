/**
 * What was seen in a long run. A publish is `invoke`, then `ok` (confirmed), `fail` (not stored, says the bus) or `unknown`; one
 * without an end counts as unknown. `deliver` is the beginning of a handling, `done` its success, `dead` a letter found after the
 * final drain. Times are epoch ms.
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
  | {
      readonly kind: "deliver" | "done";
      readonly n: number;
      readonly group: string;
      readonly at: number;
      /** A member began it that had just been stopped past its lease and may not know yet: it says nothing of the order. */
      readonly zombie?: boolean | undefined;
    }
  | { readonly kind: "dead"; readonly n: number; readonly group: string };

/** What a history is about. */
export interface HistoryHead {
  readonly groups: readonly string[];
  /** Whether messages of one key have to be handled in the order they were invoked. */
  readonly ordered: boolean;
  /**
   * Whether a crash may take a key back to where its last settlements were not read: what comes a second time then comes in order, the
   * later ones again after it. So it is where settlements are not confirmed.
   */
  readonly rewinds?: boolean | undefined;
}

/**
 * The publishes of a run and what its groups saw. Events of one process stand in the order they happened, those of several may be
 * mixed in any way.
 */
export interface History extends HistoryHead {
  readonly events: Iterable<HistoryEvent>;
}
