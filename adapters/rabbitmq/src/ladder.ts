import { withChannel } from "./channel.ts";
import type { Connection } from "./connection.ts";
import { levelCount, levelHeader, levelMs, targetHeader } from "./delay.ts";
import { delayName, spaceNames } from "./names.ts";
import * as queues from "./queues.ts";

/** Channels at once. */
const side = 4;
const levels = Array.from({ length: levelCount }, (_, level) => level);

/** The queues and exchanges through which what is delayed passes: made with the first message that is, for all of a namespace. */
export class Ladder {
  readonly #namespace: string;
  readonly #verify: boolean;
  #made: Promise<void> | undefined;

  constructor(namespace: string, verify: boolean) {
    this.#namespace = namespace;
    this.#verify = verify;
  }

  /** Resolves once it is there. To verify, nothing is made: what is sent comes back. */
  ready(connection: Connection): Promise<void> {
    this.#made ??= this.#make(connection).catch((error: unknown) => {
      this.#made = undefined;
      throw error;
    });
    return this.#made;
  }

  /** It may be there no more. */
  forget(): void {
    this.#made = undefined;
  }

  async #make(connection: Connection): Promise<void> {
    if (this.#verify) return;
    const { topics, inboxes, due, nowhere } = spaceNames(this.#namespace);
    await withChannel(connection, async (channel) => {
      await channel.assertExchange(due, "headers", { durable: true, alternateExchange: nowhere });
      await channel.bindExchange(topics, due, "", { "x-match": "all", [targetHeader]: "topic" });
      await channel.bindExchange(inboxes, due, "", { "x-match": "all", [targetHeader]: "queue" });
      await Promise.all(levels.map((level) => channel.assertExchange(this.#name(level), "headers", { durable: true })));
    });
    // A server makes what is asked for on one channel one after the other, and a queue takes it a tenth of a second.
    await Promise.all(
      Array.from({ length: side }, (_, first) =>
        withChannel(connection, async (channel) => {
          for (const level of levels.filter((one) => one % side === first)) {
            const name = this.#name(level);
            const next = level === 0 ? due : this.#name(level - 1);
            await channel.assertQueue(name, queues.delay(levelMs(level), next));
            await channel.bindQueue(name, name, "", { "x-match": "all", [levelHeader(level)]: "1" });
            await channel.bindExchange(next, name, "", { "x-match": "all", [levelHeader(level)]: "0" });
          }
        }),
      ),
    );
  }

  #name(level: number): string {
    return delayName(this.#namespace, level);
  }
}
