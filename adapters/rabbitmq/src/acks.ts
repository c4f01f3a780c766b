import type { Message } from "amqplib";

/** The side of a channel that acks go out on. */
export interface AckChannel {
  ack(message: Message, allUpTo?: boolean): void;
}

/**
 * How many one frame acks at most. The server reads at once what it delivers for one frame, and where much waits behind it pays for large
 * readings with its whole memory of the queue, which it copies each time.
 */
const most = 100;

const outstanding = 0;
const done = 1;
const written = 2;

/**
 * The deliveries of one channel, and which of them are done. What is done before the first that is not is acked by frames for many, what
 * is done behind it by one frame each.
 */
export class Acks {
  readonly #channel: AckChannel;
  /** By delivery number, from `#from` on. */
  #states: number[] = [];
  #from = 1;

  constructor(channel: AckChannel) {
    this.#channel = channel;
  }

  /** The channel has delivered this number; numbers follow each other. */
  delivered(tag: number): void {
    this.#states[tag - this.#from] = outstanding;
  }

  /** How many are not done. */
  get size(): number {
    return this.#states.reduce((count, state) => count + (state === outstanding ? 1 : 0), 0);
  }

  /** It was given back, or settled by other means. */
  drop(tag: number): void {
    this.#states[tag - this.#from] = written;
  }

  /** Acks these. @throws what amqplib throws when the channel is closed */
  ack(tags: readonly number[]): void {
    for (const tag of tags) if (this.#states[tag - this.#from] === outstanding) this.#states[tag - this.#from] = done;
    this.#writePrefix();
    for (const tag of tags) {
      if (this.#states[tag - this.#from] !== done) continue;
      this.#channel.ack(at(tag), false);
      this.#states[tag - this.#from] = written;
    }
  }

  #writePrefix(): void {
    let length = 0;
    let last = -1;
    let count = 0;
    for (; length < this.#states.length && this.#states[length] !== outstanding; length += 1) {
      if (this.#states[length] !== done) continue;
      last = length;
      count += 1;
      if (count < most) continue;
      this.#channel.ack(at(this.#from + last), true);
      count = 0;
    }
    // The server refuses a number that it does not hold any more.
    if (count > 0) this.#channel.ack(at(this.#from + last), count > 1);
    if (length === 0) return;
    this.#states = this.#states.slice(length);
    this.#from += length;
  }
}

/** All that amqplib looks at. */
function at(deliveryTag: number): Message {
  return { fields: { deliveryTag } } as Message;
}
