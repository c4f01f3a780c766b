import type { BatchOptions } from "./batch.ts";
import type { Duration } from "./duration.ts";
import { milliseconds, wholeNumber } from "./duration.ts";
import type { Position } from "./position.ts";
import type { RetryOptions, RetryPolicy } from "./retry.ts";
import { retryPolicy } from "./retry.ts";
import type { Inbox, Manifest } from "./seam.ts";
import { WaybillError } from "./errors.ts";
import type { NewerPolicy } from "./verdict.ts";

/** How a group's messages are handled. All of it is tunable: changing it recreates nothing (LAY-1). */
export interface WorkOptions {
  /** How many handlers may run at once in this consumer (SUB-5). Default 10. */
  readonly concurrency?: number | undefined;
  readonly retry?: RetryOptions | undefined;
  /**
   * How long one handling may take; then its signal fires and the attempt has failed (ACK-5). A handler that ignores its signal
   * runs on beside its successor. Default: none, the lease is extended as long as the handler runs.
   */
  readonly timeout?: Duration | undefined;
  /**
   * `"at-most-once"`: settled before it is handled, so delivered once or never, where the carrier can (ACK-6). What fails, or is
   * cut short, is dropped and reported: no `retry`, no dead letters. Default `"at-least-once"`.
   */
  readonly delivery?: "at-least-once" | "at-most-once" | undefined;
  /** The most bytes of bodies this consumer holds, handled and waiting (SUB-14). Default 64 MiB. */
  readonly maxHeldBytes?: number | undefined;
  /**
   * What becomes of data of a newer version than this consumer knows (VER-1). `"dead-letter"`, the default: set aside, to be
   * redriven after the upgrade. `"wait"`: tried again every minute, counting no failure, until a member that knows it takes it; of an
   * ordered topic its key waits too.
   */
  readonly newer?: NewerPolicy | undefined;
}

export interface SubscribeOptions extends WorkOptions {
  /** Subscribers of one group share its messages; every group gets each message (SUB-2). */
  readonly group: string;
  /** `false`: this group does without its topic's order and gets full concurrency. */
  readonly ordered?: false | undefined;
  /** Where a new group starts in what the topic has kept, which needs `retain`; one that exists goes on (SUB-8). Default `"now"`. */
  readonly from?: Position | undefined;
}

/** The options of a subscription whose handler gets many messages at once (SUB-11); `concurrency` is of batches, 1 by default. */
export type Batched<Options extends WorkOptions> = Options & {
  readonly batch: BatchOptions;
  readonly delivery?: "at-least-once" | undefined;
};

/** The options of a subscription whose handler gets one message at a time. */
export type Single<Options extends WorkOptions> = Options & { readonly batch?: undefined };

export type AnyOptions<Options extends WorkOptions> = Options & { readonly batch?: BatchOptions | undefined };

/** What the configuration says, by `topic/group`, or by the name of a queue. */
export type Tunables = Readonly<Record<string, WorkOptions>>;

export interface Tuning {
  readonly concurrency: number;
  readonly retry: RetryPolicy;
  readonly timeout: number;
  readonly maxHeldBytes: number;
  readonly once: boolean;
  /** The longest delay the carrier can keep by itself, ms. */
  readonly maxDelay: number;
  readonly newer: NewerPolicy;
}

/** The options with their defaults. @throws TypeError naming what cannot be; WaybillError `UNSUPPORTED` */
export function tuning(options: AnyOptions<WorkOptions>, manifest: Manifest): Tuning {
  const timeout = options.timeout === undefined ? Infinity : milliseconds(options.timeout, "timeout");
  if (timeout === 0) throw new TypeError("timeout is 0; leave it out for none");
  if (timeout !== Infinity && timeout > manifest.maxHold) {
    throw new WaybillError(
      "UNSUPPORTED",
      `timeout is ${timeout} ms; this carrier holds a message at most ${manifest.maxHold} ms`,
    );
  }
  const once = options.delivery === "at-most-once";
  if (once && options.retry !== undefined) throw new TypeError(`retry and delivery "at-most-once" do not go together`);
  if (once && options.newer !== undefined) throw new TypeError(`newer and delivery "at-most-once" do not go together`);
  if (once && !manifest.can.has("once")) {
    throw new WaybillError("UNSUPPORTED", `delivery is "at-most-once"; this carrier delivers at least once only`);
  }
  return {
    once,
    maxDelay: manifest.maxDelay,
    concurrency: wholeNumber(options.concurrency ?? (options.batch === undefined ? 10 : 1), 1, "concurrency"),
    retry: retryPolicy(options.retry),
    timeout,
    maxHeldBytes: wholeNumber(options.maxHeldBytes ?? 64 * 2 ** 20, 1, "maxHeldBytes"),
    newer: checkNewer(options.newer ?? "dead-letter"),
  };
}

/** The options as the code gives them, with what the configuration says of this inbox put over them, `retry` member by member. */
export function overridden(
  options: AnyOptions<WorkOptions>,
  tunables: Tunables,
  { source, group, shape }: Inbox,
): AnyOptions<WorkOptions> {
  const name = shape.kind === "queue" ? source : `${source}/${group}`;
  const over = Object.hasOwn(tunables, name) ? tunables[name] : undefined;
  if (over === undefined) return options;
  const retry = over.retry === undefined ? options.retry : { ...options.retry, ...given(over.retry) };
  return { ...options, ...given(over), retry };
}

/** Without the members that are undefined, which would hide those they are put over. */
function given<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}

function checkNewer(newer: NewerPolicy): NewerPolicy {
  if (newer === "dead-letter" || newer === "wait") return newer;
  throw new TypeError(`newer is ${JSON.stringify(newer)}; give "dead-letter" or "wait"`);
}
