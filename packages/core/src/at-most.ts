import type { Clock } from "./clock.ts";

/** Resolves when `work` settles, or after `ms` at the latest. Never rejects: what came of `work` is its owner's to see. */
export async function atMost(clock: Clock, ms: number, work: Promise<unknown>): Promise<void> {
  const { promise: over, resolve } = Promise.withResolvers<void>();
  const cancel = clock.after(ms, resolve);
  work.then(
    () => resolve(),
    () => resolve(),
  );
  await over;
  cancel();
}
