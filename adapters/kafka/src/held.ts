import type { Delivery, Placed } from "@waybill/core";
import type { Shard } from "./shard.ts";

/** A delivery, with what is needed to settle it. */
export interface Held extends Delivery, Placed {
  readonly shard: Shard;
  readonly offset: number;
  readonly life: number;
  /** Epoch ms; 0 for at once. */
  readonly dueAt: number;
  /** How many of its effects have left: they are not sent twice. */
  effects: number;
}
