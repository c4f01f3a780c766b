import type { Delivery, Placed } from "@waybill/core";
import type { StoredRecord } from "./driver.ts";
import type { Retry } from "./progress.ts";
import type { Shard } from "./shard.ts";
import { messageOf } from "./wire.ts";

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

/** A record as it comes into hand now. */
export function heldFrom(shard: Shard, record: StoredRecord): Held {
  const message = messageOf(record, shard);
  const retry = shard.progress.retries.get(record.offset);
  const before = (retry?.deliveries ?? message.deliveries) + shard.progress.crashesOf(record.offset);
  return {
    ...message,
    headers: retry === undefined ? message.headers : { ...message.headers, ...retry.note },
    failures: retry?.failures ?? message.failures,
    deliveries: before + 1,
    shard,
    offset: record.offset,
    dueAt: retry?.dueAt ?? message.deliverAt ?? 0,
    effects: 0,
    place: -1,
  };
}

/** The same, as it comes again. */
export function retried(held: Held, { failures, deliveries, dueAt, note }: Retry): Held {
  const headers = { ...held.headers, ...note };
  return { ...held, headers, failures, deliveries: deliveries + 1, dueAt, place: -1, effects: 0 };
}
