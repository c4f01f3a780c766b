import { monitorEventLoopDelay } from "node:perf_hooks";

/** The p99 of this process's event loop delay while `work` runs, ms. */
export async function delayDuring(work: () => Promise<unknown>): Promise<number> {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  await work();
  histogram.disable();
  return histogram.percentile(99) / 1e6;
}
