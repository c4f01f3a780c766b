import type { ConfirmChannel, ConsumeMessage } from "amqplib";
import type { Connection } from "./connection.ts";
import { withChannel } from "./channel.ts";
import { isThere } from "./presence.ts";
import { theEnd, wordOf } from "./replay-word.ts";

export interface PastOptions {
  readonly connection: Connection;
  readonly channel: ConfirmChannel;
  readonly queue: string;
  /** The number of the word behind which it comes first. */
  readonly word: number;
  /** Epoch ms, of the word. */
  readonly cameAt: number;
  /** The channel has brought this number. */
  readonly delivered: (tag: number) => void;
  /** One of its messages is here. */
  readonly came: (message: ConsumeMessage) => void;
  /** All of them are here. */
  readonly read: () => void;
  /** Of these numbers nothing is left to do. @throws when the channel is closed */
  readonly done: (tags: readonly number[]) => void;
  /** All of them are settled, or of no interest any more. */
  readonly over: () => void;
}

/**
 * What a shard has to deliver before what stands in its queue. It goes back with the shard, and so does the word that says so, until all of it
 * is settled.
 */
export class Past {
  readonly #options: PastOptions;
  readonly #open = new Set<number>();
  #end: number | undefined;
  #isRead = false;
  #isOver = false;

  constructor(options: PastOptions) {
    this.#options = options;
  }

  get queue(): string {
    return this.#options.queue;
  }

  get cameAt(): number {
    return this.#options.cameAt;
  }

  /** Whether all of it is here. */
  get isRead(): boolean {
    return this.#isRead;
  }

  /** Begins to take it. Resolves when it is asked for. */
  async start(): Promise<void> {
    const { connection, channel, queue } = this.#options;
    const isLeft = await isThere(connection, queue);
    if (this.#isOver) return;
    if (!isLeft) return this.#give();
    await channel.consume(queue, (message) => this.#took(message));
  }

  /** One of the shard's messages is settled, maybe of the past. */
  settled(tag: number): void {
    if (this.#open.delete(tag)) this.#look();
  }

  /** It is of no interest any more. */
  drop(): void {
    if (!this.#isOver) this.#finish();
  }

  #took(message: ConsumeMessage | null): void {
    if (message === null) {
      // It was removed: what came of it is all there is.
      if (!this.#isOver) this.#give();
      return;
    }
    const { deliveryTag } = message.fields;
    this.#options.delivered(deliveryTag);
    if (this.#isOver) {
      this.#options.done([deliveryTag]);
      return;
    }
    if (wordOf(message) === theEnd) {
      this.#end = deliveryTag;
      this.#isRead = true;
      this.#options.read();
      this.#look();
      return;
    }
    this.#open.add(deliveryTag);
    this.#options.came(message);
  }

  /** There is no more of it. */
  #give(): void {
    this.#finish();
    this.#options.read();
  }

  #look(): void {
    if (this.#isRead && this.#open.size === 0 && !this.#isOver) void this.#remove();
  }

  /** First the queue, or its end would be taken and the word come again. */
  async #remove(): Promise<void> {
    this.#isOver = true;
    const { connection, queue } = this.#options;
    await withChannel(connection, (channel) => channel.deleteQueue(queue)).catch(() => undefined);
    try {
      this.#finish();
    } catch {
      // The channel is closed: the word comes again, and there is nothing behind it.
    }
  }

  #finish(): void {
    const { over, done } = this.#options;
    this.#isOver = true;
    this.#isRead = true;
    over();
    done(this.#end === undefined ? [this.#options.word] : [this.#options.word, this.#end]);
  }
}
