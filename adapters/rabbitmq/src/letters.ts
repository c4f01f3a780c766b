import { type Inbox, type Visit, WaybillError } from "@waybill/core";
import type { Channel, ConsumeMessage } from "amqplib";
import { closeChannel, openChannel, withChannel } from "./channel.ts";
import type { Connection } from "./connection.ts";
import { stateOf } from "./moves.ts";
import { deadQueue, readyQueue, walkLock } from "./names.ts";
import { inboxLane } from "./routes.ts";
import type { Shared } from "./shared.ts";
import { type Held, heldOf } from "./wire.ts";

export interface Walk {
  readonly inbox: Inbox;
  readonly base: string;
  readonly shared: Shared;
  readonly visit: Visit;
  readonly signal: AbortSignal;
}

/** What is given back together keeps its order up to this number. */
const pageSize = 32;
/** How long a letter that is there may take to come, ms: somebody else may have taken it. */
const patienceMs = 1_000;

/**
 * Shows the dead letters that are there when it starts, oldest first (DLQ-5). There is no way to look at a message: each is taken, and
 * kept from others until the end of the walk, when all that was kept goes back to where it was. Whoever came second would see none.
 */
export async function walk(options: Walk): Promise<void> {
  const { shared, base, signal } = options;
  const connection = await shared.consuming.ready(shared.context.clock.now() + shared.settings.commandTimeoutMs);
  const queue = deadQueue(base);
  await shared.lock.run(connection, walkLock(queue), signal, async () => {
    const left = await withChannel(connection, (channel) => channel.checkQueue(queue));
    if (left.messageCount > 0) await new LetterWalk(options, connection, queue).run(left.messageCount);
  });
}

class LetterWalk {
  readonly #options: Walk;
  readonly #connection: Connection;
  readonly #queue: string;
  /** Of each page what goes back. */
  readonly #kept: number[][] = [];
  #over: WaybillError | undefined;

  constructor(options: Walk, connection: Connection, queue: string) {
    this.#options = options;
    this.#connection = connection;
    this.#queue = queue;
  }

  async run(count: number): Promise<void> {
    const channel = await openChannel(this.#connection, (why) => (this.#over ??= why));
    try {
      for (let left = count; left > 0 && !this.#options.signal.aborted;) {
        const page = await this.#take(channel, Math.min(left, pageSize));
        if (page.length === 0 || (await this.#visit(channel, page))) break;
        left -= page.length;
      }
    } finally {
      await this.#putBack(channel);
    }
  }

  /** By a consumer of its own, which takes no more than that. */
  async #take(channel: Channel, count: number): Promise<readonly ConsumeMessage[]> {
    const page: ConsumeMessage[] = [];
    const full = Promise.withResolvers<void>();
    await channel.prefetch(count);
    const { consumerTag } = await channel.consume(this.#queue, (message) => {
      if (message !== null) page.push(message);
      if (message === null || page.length === count) full.resolve();
    });
    const { clock } = this.#options.shared.context;
    const late = clock.after(patienceMs, full.resolve);
    await full.promise;
    late();
    if (this.#over === undefined) await channel.cancel(consumerTag);
    return page;
  }

  /** Says whether it was told to stop. */
  async #visit(channel: Channel, page: readonly ConsumeMessage[]): Promise<boolean> {
    const { inbox, visit, signal } = this.#options;
    const kept = page.map(({ fields }) => fields.deliveryTag);
    this.#kept.push(kept);
    for (const message of page) {
      if (signal.aborted || this.#over !== undefined) return true;
      const letter = heldOf({ message, lane: 0, source: inbox.source });
      const verdict = await visit(letter);
      if (verdict === "stop") return true;
      if (verdict === "keep") continue;
      if (verdict === "redrive") await this.#redrive(letter);
      if (this.#over !== undefined) return true;
      channel.ack(message);
      kept.splice(kept.indexOf(letter.tag), 1);
    }
    return false;
  }

  /** A copy with fresh counts, stored before the letter goes (DLQ-6). */
  async #redrive(letter: Held): Promise<void> {
    const { inbox, base, shared } = this.#options;
    const queue = readyQueue(base, inboxLane(inbox.shape, inbox.ordered, letter));
    const packet = shared.routes.copy(queue, letter, stateOf(inbox, letter, { failures: 0, deliveries: 0 }), 0);
    const deadline = shared.context.clock.now() + shared.settings.commandTimeoutMs;
    const [result] = await shared.outbox.move([packet], deadline);
    if (result !== "stored") throw result?.error ?? new Error("no result");
  }

  /** Page by page, for of many at once the server loses the order. Resolves when they are there again. */
  async #putBack(channel: Channel): Promise<void> {
    if (this.#over !== undefined) throw new WaybillError(this.#over.code, this.#over.message);
    let count = 0;
    for (const kept of this.#kept) {
      const last = kept.at(-1);
      count += kept.length;
      if (last !== undefined) channel.nack({ fields: { deliveryTag: last } } as ConsumeMessage, true, true);
    }
    const { clock } = this.#options.shared.context;
    const until = clock.now() + patienceMs;
    while (this.#over === undefined && clock.now() < until) {
      if ((await channel.checkQueue(this.#queue)).messageCount >= count) break;
      await new Promise<void>((resolve) => void clock.after(1, resolve));
    }
    if (this.#over === undefined) await closeChannel(channel);
  }
}
