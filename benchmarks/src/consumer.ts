import { type ChildProcess, fork } from "node:child_process";
import { on, once } from "node:events";
import { fileURLToPath } from "node:url";

export interface Consumed {
  /** Epoch ms when everything was settled. */
  readonly settledAt: number;
  /** ms from publish to handler, one each. */
  readonly latencies: readonly number[];
  /** p99 of the consumer's event loop delay, ms. */
  readonly delay: number;
  /** The most memory it had, above what it had when it was connected, MB. */
  readonly memory: number;
}

export type FromConsumer =
  | { readonly kind: "ready" }
  | { readonly kind: "usage"; readonly usage: NodeJS.CpuUsage }
  | (Consumed & { readonly kind: "consumed" });

export interface Consumer {
  readonly consumed: Promise<Consumed>;
  /** The CPU time of its process so far, ms. */
  readonly cpu: () => Promise<number>;
}

/** Starts a consumer in a process of its own; resolves when it has subscribed. */
export async function startConsumer(
  url: string,
  count: number,
  which: "ordered" | "unordered",
  execArgv: readonly string[] = [],
): Promise<Consumer> {
  const program = fileURLToPath(new URL("./consumer-process.js", import.meta.url));
  const child = fork(program, [url, String(count), which], { execArgv: [...execArgv] });
  const consumed = hear(child, "consumed");
  await once(child, "message");
  return {
    consumed,
    cpu: async () => {
      const heard = hear(child, "usage");
      child.send("usage");
      const { user, system } = (await heard).usage;
      return (user + system) / 1_000;
    },
  };
}

/** The next message of a kind. */
async function hear<K extends FromConsumer["kind"]>(
  child: ChildProcess,
  kind: K,
): Promise<Extract<FromConsumer, { kind: K }>> {
  for await (const [message] of on(child, "message", { close: ["exit"] }) as AsyncIterable<[FromConsumer]>) {
    if (message.kind === kind) return message as Extract<FromConsumer, { kind: K }>;
  }
  throw new Error(`the consumer ended before it said ${kind}`);
}
