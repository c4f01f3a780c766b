import type { Clock } from "@waybill/core";
import type { ConfirmChannel, ConsumeMessage } from "amqplib";
import type { Acks } from "./acks.ts";
import { closeChannel } from "./channel.ts";
import type { Connection } from "./connection.ts";
import { Past } from "./past.ts";
import { isThere } from "./presence.ts";
import { lifeIn, twin, wordOf } from "./replay-word.ts";
import { heldOf } from "./wire.ts";

export interface ReplayOptions {
  readonly connection: Connection;
  readonly clock: Clock;
  /** Where the shard's past lies in a life of its inbox. */
  readonly pastQueue: (life: string) => string;
  readonly channel: ConfirmChannel;
  readonly acks: Acks;
  /** This one is next. */
  readonly enter: (message: ConsumeMessage) => void;
  /** What has come and is not in hand is of no interest any more. */
  readonly dropWaiting: () => void;
}

/** Puts what a shard is to get of the past before what stands in its queue, as far as there is a word in it that says so. */
export class Replay {
  readonly #options: ReplayOptions;
  /** Messages of the past that may come live as well. */
  readonly #twins = new Set<string>();
  /** What waits until all of the past is here. */
  #behind: ConsumeMessage[] = [];
  #past: Past | undefined;
  /** What came before it was opened. */
  #early: ConsumeMessage[] | undefined = [];

  constructor(options: ReplayOptions) {
    this.#options = options;
  }

  /** When the word came whose past is not settled, epoch ms. */
  get since(): number {
    return this.#past?.cameAt ?? Infinity;
  }

  /** What comes may be let in from now on. */
  open(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const message of early) this.came(message);
  }

  /** A message of the shard's own queue is here. */
  came(message: ConsumeMessage): void {
    const life = lifeIn(message);
    if (this.#early !== undefined) this.#early.push(message);
    else if (life !== undefined) this.#turnBack(message, life);
    else if (this.#past?.isRead === false) this.#behind.push(message);
    else this.#enter(message);
  }

  /** One of the shard's messages is settled. */
  settled(tag: number): void {
    this.#past?.settled(tag);
  }

  /** Lets in what waits, to go back with the shard. */
  release(): void {
    for (const message of this.#behind.splice(0)) this.#enter(message);
  }

  /** Resolves when the server has handed out all that it can. */
  async arrived(): Promise<void> {
    // Not on the shard's channel, which it would end if the past was just removed.
    if (this.#past !== undefined) await isThere(this.#options.connection, this.#past.queue);
  }

  #turnBack({ fields }: ConsumeMessage, life: string): void {
    const { channel, acks, pastQueue, clock, dropWaiting, connection } = this.#options;
    this.#past?.drop();
    acks.ack(this.#behind.splice(0).map((message) => message.fields.deliveryTag));
    // Whoever has read the word before has done so, and what stands before it has been in hand since.
    if (!fields.redelivered) dropWaiting();
    const past = new Past({
      connection,
      channel,
      queue: pastQueue(life),
      word: fields.deliveryTag,
      cameAt: clock.now(),
      delivered: (tag) => acks.delivered(tag),
      came: (message) => this.#cameOfPast(message),
      read: () => this.release(),
      done: (tags) => acks.ack(tags),
      over: () => {
        if (this.#past === past) this.#past = undefined;
      },
    });
    this.#past = past;
    // The shard goes back to the server, and comes again.
    past.start().catch(() => closeChannel(channel));
  }

  #cameOfPast(message: ConsumeMessage): void {
    if (wordOf(message) === twin) this.#twins.add(idOf(message));
    this.#options.enter(message);
  }

  /** Unless it has come of the past. */
  #enter(message: ConsumeMessage): void {
    if (this.#twins.size > 0 && this.#twins.delete(idOf(message))) this.#options.acks.ack([message.fields.deliveryTag]);
    else this.#options.enter(message);
  }
}

function idOf(message: ConsumeMessage): string {
  return heldOf({ message, lane: 0, source: "" }).id;
}
