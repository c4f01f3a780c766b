import type { Delay, Duration, WorkOptions } from "@waybill/core";

/** What `waybill.config.*` may hold. All of it is optional; of the URL there has to be one, here or in the environment. */
export interface Config {
  /** Which carrier: `"sqlite:./waybill.db"`, … A path that begins with a dot starts at the file's own folder. */
  readonly url?: string | undefined;
  readonly namespace?: string | undefined;
  readonly source?: string | undefined;
  readonly topology?: "create" | "verify" | undefined;
  readonly publishTimeout?: Duration | undefined;
  readonly maxBufferedBytes?: number | undefined;
  /** A section for each adapter by its name, checked by the adapter that is in use: `{ sqlite: { leaseMs: 10_000 } }`. */
  readonly adapters?: Readonly<Record<string, Readonly<Record<string, unknown>>>> | undefined;
  /**
   * By `"topic/group"`, or the name of a queue: how its messages are handled. Goes before what the code says where it
   * subscribes, and recreates nothing (LAY-1).
   */
  readonly consumers?: Readonly<Record<string, ConsumerConfig>> | undefined;
}

/** `WorkOptions` of `@waybill/core`, the delay between attempts as data. */
export interface ConsumerConfig extends Omit<WorkOptions, "retry"> {
  readonly retry?: { readonly maxAttempts?: number | undefined; readonly delay?: DelayConfig | undefined } | undefined;
}

/** The same each time, growing, or step by step; as `fixed`, `exponential` and `ladder` of `@waybill/core`, which fit too. */
export type DelayConfig =
  | Duration
  | Delay
  | {
      readonly exponential: Duration;
      readonly max?: Duration | undefined;
      readonly factor?: number | undefined;
      readonly jitter?: number | undefined;
    }
  | { readonly ladder: readonly Duration[] };

/** Gives its argument back: in a configuration file it lets the editor know what may stand there. */
export function defineConfig(config: Config): Config {
  return config;
}
