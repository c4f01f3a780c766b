import type { Message } from "amqplib";

/** The side of a channel that acks go out on. */
export interface AckChannel {
  ack(message: Message, allUpTo?: boolean): void;
}

const outstanding = 0;
const done = 1;
const written = 2;

/**
 * The deliveries of one channel, and which of them are done. One frame acks all that is done before the first that is not, and one
 * each what is done behind it.
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
    }
    // The server refuses a number that it does not hold any more.
    if (last >= 0) this.#channel.ack(at(this.#from + last), count > 1);
    if (length === 0) return;
    this.#states = this.#states.slice(length);
    this.#from += length;
  }
}

/** All that amqplib looks at. */
function at(deliveryTag: number): Message {
  return { fields: { deliveryTag } } as Message;
}
