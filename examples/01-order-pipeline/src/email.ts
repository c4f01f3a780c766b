import { setTimeout as sleep } from "node:timers/promises";
import type { Bus, Consumer } from "@waybill/core";
import { emailSend } from "./topics.ts";

/** Sends what billing has asked for. More workers than one would share the queue. */
export function startEmail(bus: Bus): Promise<Consumer> {
  return bus.work(emailSend, { concurrency: 20 }, async ({ signal }) => {
    await sleep(1, undefined, { signal });
  });
}
