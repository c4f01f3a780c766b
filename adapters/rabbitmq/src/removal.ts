import type { Inbox } from "@waybill/core";
import { withChannel } from "./channel.ts";
import type { Connection } from "./connection.ts";
import type { Incarnations } from "./incarnations.ts";
import { isSharded, lanesOf } from "./lanes.ts";
import {
  birthQueue,
  cardName,
  deadQueue,
  inboxBase,
  keptQueue,
  ledgerQueue,
  memberQueue,
  pastQueue,
  readyQueue,
  shardCount,
  unfilledQueue,
} from "./names.ts";
import { groupsIn, isThere } from "./presence.ts";

/** Priorities are fewer. */
const mostLanes = 36;

/** Removes what inboxes and topics consist of. What is not there is no error. */
export class Removal {
  readonly #incarnations: Incarnations;
  readonly #namespace: string;

  constructor(namespace: string, incarnations: Incarnations) {
    this.#namespace = namespace;
    this.#incarnations = incarnations;
  }

  /** A topic with what it has kept, and all its groups. */
  async topic(connection: Connection, name: string): Promise<void> {
    const card = cardName(this.#namespace, name);
    await withChannel(connection, (channel) => channel.deleteQueue(keptQueue(this.#namespace, name)));
    if (!(await isThere(connection, card))) return;
    await withChannel(connection, async (channel) => {
      for (const group of await groupsIn(channel, card))
        await this.inbox(connection, inboxBase(this.#namespace, { source: name, group, isPattern: false }), undefined);
      await channel.deleteQueue(card);
    });
  }

  /** All queues of an inbox, or all it could have where nobody knows which inbox it is. */
  async inbox(connection: Connection, base: string, inbox: Inbox | undefined): Promise<void> {
    const mayBeSharded = inbox === undefined || isSharded(inbox);
    const lanes = inbox === undefined ? mostLanes : Math.max(...lanesOf(inbox)) + 1;
    const born = mayBeSharded ? await this.#lifeOf(connection, base) : "";
    await withChannel(connection, async (channel) => {
      for (let lane = 0; lane < lanes; lane += 1) await channel.deleteQueue(readyQueue(base, lane));
      if (mayBeSharded) {
        for (let shard = 0; shard < shardCount; shard += 1) {
          await channel.deleteQueue(pastQueue(base, shard, born));
          await channel.deleteQueue(ledgerQueue(base, shard));
        }
        await channel.deleteQueue(memberQueue(base));
      }
      await channel.deleteQueue(birthQueue(base));
      await channel.deleteQueue(unfilledQueue(base));
      await channel.deleteQueue(deadQueue(base));
    });
  }

  async #lifeOf(connection: Connection, base: string): Promise<string> {
    if (!(await isThere(connection, birthQueue(base)))) return "";
    return this.#incarnations.current(connection, base);
  }
}
