import type { Clock } from "@waybill/core";

/** Waits for something, but not for longer than that; what it rejects with is passed on. */
export async function within(clock: Clock, ms: number, work: Promise<unknown>): Promise<void> {
  const patience = Promise.withResolvers<void>();
  const cancel = clock.after(ms, patience.resolve);
  await Promise.race([work, patience.promise]).finally(cancel);
}
