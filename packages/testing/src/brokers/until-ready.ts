import { setTimeout as sleep } from "node:timers/promises";

const pauseMs = 20;

/** Probes a server until it answers; `check` throws where that is hopeless. Rejects after `timeoutMs` with the probe's error. */
export async function untilReady<T>(probe: () => Promise<T>, check: () => void, timeoutMs: number): Promise<T> {
  const giveUpAt = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await probe();
    } catch (cause) {
      check();
      if (performance.now() > giveUpAt) throw new Error(`the server does not answer after ${timeoutMs} ms`, { cause });
    }
    await sleep(pauseMs);
  }
}
