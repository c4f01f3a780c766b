import type { Handler, Message } from "@waybill/core";
import { epochNow } from "./epoch-now.ts";
import type { Item } from "./item.ts";

/** One handling of one message, as its handler saw it. Plain data, so that it passes between processes. */
export interface Handling {
  readonly n: number;
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly timestamp: number;
  readonly version: number;
  readonly correlationId: string;
  readonly causationId: string | undefined;
  readonly key: string | undefined;
  readonly expiresAt: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string | undefined;
  readonly attempt: number;
  /** Epoch ms, with fractions. */
  readonly beganAt: number;
}

/** Writes down what a handler is given. */
export class Recorder {
  readonly began: Handling[] = [];
  /** The numbers of the messages whose handlers succeeded, in that order. */
  readonly done: number[] = [];
  running = 0;
  /** The most handlers that ever ran at once. */
  peak = 0;

  /** A handler that is written down, with what it does. */
  handler(work: (message: Message<Item>) => unknown = () => undefined): Handler<Item> {
    return async (message) => {
      this.began.push(handlingOf(message));
      this.running += 1;
      this.peak = Math.max(this.peak, this.running);
      try {
        await work(message);
        this.done.push(message.data.n);
      } finally {
        this.running -= 1;
      }
    };
  }

  /** The numbers of what was handled, in the order the handlings began. */
  get numbers(): readonly number[] {
    return this.began.map(({ n }) => n);
  }

  /** The handlings of one message. */
  of(n: number): readonly Handling[] {
    return this.began.filter((handling) => handling.n === n);
  }
}

/** What a handler sees of a message, as plain data. */
export function handlingOf(message: Message<Item>): Handling {
  const { data, id, type, source, timestamp, version, correlationId, causationId, key, expiresAt, headers, attempt } =
    message;
  const envelope = { id, type, source, timestamp, version, correlationId, causationId, key, expiresAt, headers };
  return { n: data.n, text: data.text, ...envelope, attempt, beganAt: epochNow() };
}
