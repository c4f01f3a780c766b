import type { Channel, ConsumeMessage, GetMessage } from "amqplib";
import type { WaybillError } from "@waybill/core";
import { Acks } from "./acks.ts";
import { closeChannel, openChannel } from "./channel.ts";
import type { Connection } from "./connection.ts";
import { type Held, heldOf } from "./wire.ts";

export interface IntakeOptions {
  readonly connection: Connection;
  /** The queues, by their numbers in the inbox. */
  readonly queues: readonly string[];
  /** The source of what says no other; a route names it where there is none. */
  readonly sourceOf: (route: string) => string;
  /** The most messages that may be on their way from a queue and not settled. */
  readonly target: () => number;
  readonly took: (held: Held) => void;
  /** What is to be given back. */
  readonly surplus: () => Promise<readonly Held[]>;
  /** The channel is gone; `missing`: the server has cancelled a consumer, so a queue may be. */
  readonly ended: (why: WaybillError) => void;
  readonly answered: () => void;
}

/** A consumer, and for how many unsettled messages. */
interface Tap {
  readonly tag: string;
  readonly count: number;
}

/**
 * One channel that takes messages out of queues. How many may be on their way is fixed with a consumer, so there are as many consumers
 * as it takes: a larger number adds one, a smaller one ends some, and what these have brought stays in hand.
 */
export class Intake {
  readonly acks: Acks;
  readonly #options: IntakeOptions;
  readonly #channel: Channel;
  readonly #taps: Tap[][];
  #adjusting: Promise<void> | undefined;
  #again = false;
  #over: WaybillError | undefined;
  #ended = false;

  private constructor(channel: Channel, options: IntakeOptions) {
    this.#channel = channel;
    this.#options = options;
    this.acks = new Acks(channel);
    this.#taps = options.queues.map(() => []);
  }

  static async open(options: IntakeOptions): Promise<Intake> {
    let tell = (why: WaybillError): void => void (early = why);
    let early: WaybillError | undefined;
    const channel = await openChannel(options.connection, (why) => tell(why));
    const intake = new Intake(channel, options);
    intake.#over = early;
    tell = (why) => intake.#end(why);
    await intake.adjust();
    if (intake.#over !== undefined) throw intake.#over;
    return intake;
  }

  get over(): WaybillError | undefined {
    return this.#over;
  }

  /** Makes the consumers fit the target. Resolves when they do. */
  adjust(): Promise<void> {
    this.#again = true;
    this.#adjusting ??= this.#adjustAll().finally(() => (this.#adjusting = undefined));
    return this.#adjusting;
  }

  /** Gives these back to their queues, where they stood. */
  giveBack(held: readonly Held[]): void {
    for (const { tag } of held) {
      this.acks.drop(tag);
      this.#channel.nack({ fields: { deliveryTag: tag } } as ConsumeMessage, false, true);
    }
  }

  /** Resolves when the queue has done what was settled: it answers in order, and this asks it for one more message. */
  async fence(lane: number): Promise<void> {
    const message = await this.#channel.get(this.#options.queues[lane] ?? "");
    if (message !== false) this.#took(lane, message);
  }

  /** Gives back what was not settled. */
  async close(): Promise<void> {
    this.#ended = true;
    if (this.#over === undefined) await closeChannel(this.#channel);
  }

  async #adjustAll(): Promise<void> {
    try {
      while (this.#again && this.#over === undefined) {
        this.#again = false;
        for (const lane of this.#taps.keys()) await this.#adjust(lane);
        if (this.#over === undefined) await this.#giveUp();
      }
    } catch (thrown) {
      this.#end(this.#options.connection.explain(thrown));
      // A refusal to consume has closed the channel, the end of another cause may not have.
      await closeChannel(this.#channel);
    }
  }

  /** The server has done it when this resolves, and for who takes nothing all that was settled: it answers a channel in order. */
  async #giveUp(): Promise<void> {
    const surplus = await this.#options.surplus();
    if (this.#over !== undefined || (surplus.length === 0 && this.#options.target() > 0)) return;
    this.giveBack(surplus);
    await this.#channel.checkQueue(this.#options.queues[0] ?? "");
  }

  async #adjust(lane: number): Promise<void> {
    const taps = this.#taps[lane] ?? [];
    const target = this.#options.target();
    let total = taps.reduce((sum, { count }) => sum + count, 0);
    if (isNear(total, target)) return;
    while (total > target) {
      // The last one is the largest, mostly.
      const tap = taps.pop();
      if (tap === undefined) break;
      total -= tap.count;
      await this.#channel.cancel(tap.tag);
      this.#options.answered();
    }
    if (total < target) taps.push(await this.#open(lane, target - total));
  }

  async #open(lane: number, count: number): Promise<Tap> {
    const queue = this.#options.queues[lane] ?? "";
    await this.#channel.prefetch(count);
    const { consumerTag } = await this.#channel.consume(queue, (message) => this.#take(lane, message));
    this.#options.answered();
    return { tag: consumerTag, count };
  }

  #take(lane: number, message: ConsumeMessage | null): void {
    if (message === null) {
      const why = this.#options.connection.explain(new Error("the server has cancelled the consumer"));
      this.#end(why);
      void closeChannel(this.#channel);
      return;
    }
    if (!this.#ended) this.#took(lane, message);
  }

  #took(lane: number, message: ConsumeMessage | GetMessage): void {
    this.acks.delivered(message.fields.deliveryTag);
    this.#options.took(heldOf({ message, lane, source: this.#options.sourceOf(message.fields.routingKey) }));
  }

  #end(why: WaybillError): void {
    this.#over ??= why;
    if (this.#ended) return;
    this.#ended = true;
    this.#options.ended(this.#over);
  }
}

/** Small differences are not worth a consumer. */
function isNear(total: number, target: number): boolean {
  if (target === 0 || total === 0 || total < 16) return total === target;
  return total <= target * 2 && total * 1.25 >= target;
}
