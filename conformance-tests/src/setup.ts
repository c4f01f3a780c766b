import type { Adapter, IdempotencyStore } from "@waybill/core";
import type { Controls } from "./controls.ts";

/** What every case of a run has in common. */
export interface Setup {
  readonly adapter: Adapter;
  readonly url: () => string | URL;
  readonly options: unknown;
  readonly controls: Controls;
  /** Breaks the adapter; leaves it as it is in a plain run. */
  readonly mutate: (adapter: Adapter) => Adapter;
  readonly mutateStore?: ((store: IdempotencyStore) => IdempotencyStore) | undefined;
  /** The name of the mutant, for members in other processes. */
  readonly mutant: string | undefined;
  readonly boundMs: number;
  /** The most ms a connection may take to close after its case. */
  readonly closeMs: number;
}
