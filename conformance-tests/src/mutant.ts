import type { Adapter, IdempotencyStore } from "@waybill/core";

/** A deliberately broken adapter: what a case must notice. */
export interface Mutant {
  /** What it does wrong: `drops-a-header`. */
  readonly name: string;
  /** The ids of the cases that must each notice. */
  readonly caughtBy: readonly string[];
  /** It keeps its knowledge in this process, so members in others would not share it. */
  readonly oneProcess?: true | undefined;
  /** Breaks any adapter. */
  mutate(adapter: Adapter): Adapter;
  /** Breaks the store of claims and records that cases share. */
  readonly mutateStore?: ((store: IdempotencyStore) => IdempotencyStore) | undefined;
}
