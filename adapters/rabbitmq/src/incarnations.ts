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
      channel.sendToQueue(queue, Buffer.from(newLife()), { persistent: true });
      return this.#read(channel, queue);
    });
  }

  /** As it lives now. Rejects with `MISSING` where there is none. */
  current(connection: Connection, base: string): Promise<string> {
    return withChannel(connection, (channel) => this.#read(channel, birthQueue(base)));
  }

  /** Says that another life begins. Resolves when all can see it. */
  async begin(connection: Connection, base: string, born: string): Promise<void> {
    await withChannel(connection, async (channel) => {
      channel.sendToQueue(birthQueue(base), Buffer.from(born), { persistent: true });
      for (let left = glances; left > 0 && (await this.#read(channel, birthQueue(base))) !== born; left -= 1)
        await this.#glance();
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
      await this.#glance();
    }
    return "";
  }

  #glance(): Promise<void> {
    return new Promise<void>((resolve) => void this.#clock.after(glanceMs, resolve));
  }
}

/** What tells a life of an inbox from those before it. */
export function newLife(): string {
  return randomBytes(4).toString("hex");
}

interface Birth {
  readonly isNew: boolean;
  readonly expires: number | undefined;
}
