import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import type { Clock } from "@waybill/core";
import type { Channel } from "amqplib";
import { withChannel } from "./channel.ts";
import type { Connection } from "./connection.ts";
import { birthQueue, bornRoute } from "./names.ts";
import { birth } from "./queues.ts";
import type { Packet } from "./wire.ts";

/** Somebody else may be looking at it this moment, ms. */
const glanceMs = 5;
const glances = 100;

/**
 * Which of several lives of an inbox it is: what was delayed for one that was removed must not come to the next of its name (GRP-1).
 * It stands in a queue of one message.
 */
export class Incarnations {
  readonly #clock: Clock;
  /** Looked up this moment. */
  readonly #looking = new Map<string, Promise<string>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Makes sure that there is one; gives it. */
  async declare(connection: Connection, base: string, { isNew, expires }: Birth): Promise<string> {
    const queue = birthQueue(base);
    return withChannel(connection, async (channel) => {
      await channel.assertQueue(queue, birth(expires));
      const known = isNew ? "" : await this.#read(channel, queue);
      if (known !== "") return known;
      channel.sendToQueue(queue, Buffer.from(randomBytes(4).toString("hex")), { persistent: true });
      return this.#read(channel, queue);
    });
  }

  /** What is delayed, on its way to the inbox as it lives now. Rejects with `MISSING` where there is none. */
  async addressed(connection: Connection, packets: readonly Packet[]): Promise<readonly Packet[]> {
    return Promise.all(
      packets.map(async (packet) => {
        if (packet.headers["waybill-to"] !== "queue") return packet;
        const base = packet.routingKey.slice(0, packet.routingKey.lastIndexOf(":"));
        return { ...packet, routingKey: bornRoute(packet.routingKey, await this.#of(connection, base)) };
      }),
    );
  }

  #of(connection: Connection, base: string): Promise<string> {
    const known = this.#looking.get(base);
    if (known !== undefined) return known;
    const queue = birthQueue(base);
    const looking = withChannel(connection, (channel) => this.#read(channel, queue)).finally(() =>
      this.#looking.delete(base),
    );
    this.#looking.set(base, looking);
    return looking;
  }

  /** Empty where nothing stands there. */
  async #read(channel: Channel, queue: string): Promise<string> {
    for (let left = glances; left > 0; left -= 1) {
      const message = await channel.get(queue);
      if (message !== false) {
        channel.nack(message, false, true);
        return message.content.toString();
      }
      await new Promise<void>((resolve) => void this.#clock.after(glanceMs, resolve));
    }
    return "";
  }
}

interface Birth {
  readonly isNew: boolean;
  readonly expires: number | undefined;
}
