import type { Cancel, Clock } from "@waybill/core";

/** Does something again and again until it is cancelled, one run after the other. What fails is tried again the next time. */
export function every(clock: Clock, ms: number, work: () => Promise<unknown>): Cancel {
  let isOver = false;
  let cancel: Cancel = () => undefined;
  const round = async (): Promise<void> => {
    await work().catch(() => undefined);
    if (!isOver) cancel = clock.after(ms, () => void round());
  };
  cancel = clock.after(ms, () => void round());
  return () => {
    isOver = true;
    cancel();
  };
}
