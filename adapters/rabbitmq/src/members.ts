import type { WaybillError } from "@waybill/core";
import type { Channel } from "amqplib";
import { closeChannel, openChannel } from "./channel.ts";
import type { Connection } from "./connection.ts";

/** One of the members of an ordered inbox, as the others see it: a consumer of a queue in which nothing lies. */
export class Membership {
  readonly #channel: Channel;
  readonly #queue: string;

  private constructor(channel: Channel, queue: string) {
    this.#channel = channel;
    this.#queue = queue;
  }

  static async join(connection: Connection, queue: string, left: () => void): Promise<Membership> {
    let over: WaybillError | undefined;
    let isIn = false;
    const channel = await openChannel(connection, (why) => {
      over = why;
      if (isIn) left();
    });
    try {
      await channel.consume(queue, (message) => {
        if (message === null) void closeChannel(channel);
        else channel.ack(message);
      });
    } catch (thrown) {
      throw connection.explain(thrown);
    }
    // Who could not join has not left.
    if (over !== undefined) throw over;
    isIn = true;
    return new Membership(channel, queue);
  }

  /** How many there are, this one among them. */
  async count(): Promise<number> {
    return Math.max((await this.#channel.checkQueue(this.#queue)).consumerCount, 1);
  }

  async leave(): Promise<void> {
    await closeChannel(this.#channel);
  }
}
