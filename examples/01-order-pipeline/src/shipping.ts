import { setTimeout as sleep } from "node:timers/promises";
import type { Bus, Consumer } from "@waybill/core";
import { orderPlaced } from "./topics.ts";

/** Packs up to 20 parcels at once, but one customer's one after the other, as they were ordered: the topic says so. */
export function startShipping(bus: Bus): Promise<Consumer> {
  return bus.subscribe(orderPlaced, { group: "shipping", concurrency: 20 }, async ({ signal }) => {
    await sleep(2, undefined, { signal });
  });
}
