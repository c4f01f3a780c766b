import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export interface Consumed {
  /** Epoch ms when everything was settled. */
  readonly settledAt: number;
  /** ms from publish to handler, one each. */
  readonly latencies: readonly number[];
  /** p99 of the consumer's event loop delay, ms. */
  readonly delay: number;
}

/** Starts a consumer in a process of its own; resolves when it has subscribed. */
export async function startConsumer(url: string, count: number): Promise<{ readonly consumed: Promise<Consumed> }> {
  const child: ChildProcess = fork(fileURLToPath(new URL("./consumer-process.js", import.meta.url)), [
    url,
    String(count),
  ]);
  await once(child, "message");
  return { consumed: once(child, "message").then(([consumed]) => consumed as Consumed) };
}
