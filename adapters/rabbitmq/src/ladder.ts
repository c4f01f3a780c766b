import { withChannel } from "./channel.ts";
import type { Connection } from "./connection.ts";
import { levelCount, levelHeader, levelMs, targetHeader } from "./delay.ts";
import { delayName, spaceNames } from "./names.ts";
import * as queues from "./queues.ts";

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
      for (let level = 0; level < levelCount; level += 1) {
        const name = delayName(this.#namespace, level);
        const next = level === 0 ? due : delayName(this.#namespace, level - 1);
        await channel.assertExchange(name, "headers", { durable: true });
        await channel.assertQueue(name, queues.delay(levelMs(level), next));
        await channel.bindQueue(name, name, "", { "x-match": "all", [levelHeader(level)]: "1" });
        await channel.bindExchange(next, name, "", { "x-match": "all", [levelHeader(level)]: "0" });
      }
    });
  }
}
