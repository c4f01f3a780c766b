import type { AnyDefinition } from "./definition.ts";
import type { Envelope } from "./envelope.ts";
import type { PublishOptions } from "./publish-options.ts";
import type { Queue } from "./queue.ts";
import type { Topic } from "./topic.ts";

/** What a handler is given. It can be taken apart: no member needs its `this`. */
export interface Message<T> extends Envelope {
  /** The output of the topic's schema. */
  readonly data: T;
  /** The group it is handled for; a queue's is its own name. */
  readonly group: string;
  /** 1 on the first attempt; failures and timeouts count, interruptions do not (RTY-1). */
  readonly attempt: number;
  /** Fires when the handler's work is no longer wanted: its timeout, a lost lease (ACK-4), the end of `close`'s grace. */
  readonly signal: AbortSignal;
  /** Sends to a queue if and when this handler succeeds (EFF-1). Resolves once the data is checked and set aside. */
  readonly send: Effect<"queue">;
  /** Publishes to a topic if and when this handler succeeds (EFF-1). Resolves once the data is checked and set aside. */
  readonly publish: Effect<"topic">;
}

type Target<K, In, O extends boolean> = K extends "queue" ? Queue<In, unknown, O> : Topic<In, unknown, O>;

export type Effect<K extends AnyDefinition["kind"]> = <In, O extends boolean>(
  to: Target<K, In, O>,
  data: NoInfer<In>,
  options?: Omit<PublishOptions<O>, "signal" | "timeout">,
) => Promise<Envelope>;

/** Returning settles the message, throwing fails the attempt. */
export type Handler<T> = (message: Message<T>) => unknown;
