import { Buffer } from "node:buffer";
import type { Clock } from "@waybill/core";
import type { Channel, ConfirmChannel } from "amqplib";
import { blank, type Ledger, ledgerIn, type Line, textOf } from "./ledger.ts";

/** Somebody else may be looking at it this moment, ms. */
const glanceMs = 10;
const glances = 100;

/** What a shard's last member has written down; what nobody has is nothing. It stays there. */
export async function lookInto(channel: Channel, queue: string, clock: Clock): Promise<Ledger> {
  for (let left = glances; left > 0; left -= 1) {
    const message = await channel.get(queue);
    if (message !== false) {
      channel.nack(message, false, true);
      return ledgerIn(message.content.toString());
    }
    await new Promise<void>((resolve) => void clock.after(glanceMs, resolve));
  }
  return ledgerIn("");
}

/** A cell in which nothing stands yet. */
export const emptyCell: Buffer = Buffer.from(textOf(new Map()));

export interface LedgerCellOptions {
  readonly channel: ConfirmChannel;
  readonly queue: string;
  readonly clock: Clock;
  /** As it was found. */
  readonly ledger: Ledger;
  /** The lines as they are to be written now. */
  readonly lines: (ledger: Ledger) => Ledger;
}

/** The ledger of a shard that is ours: a queue of one message, which is replaced. Written on the channel that the shard hangs on. */
export class LedgerCell {
  readonly #options: LedgerCellOptions;
  #ledger: Ledger;
  #isDirty = false;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: LedgerCellOptions) {
    this.#options = options;
    this.#ledger = options.ledger;
  }

  /** What is known of a message. */
  lineOf(id: string): Line {
    return this.#ledger.get(id) ?? blank;
  }

  /** A line has gone: written with the next, or when there are no more messages. */
  forget(id: string): void {
    if (this.#ledger.delete(id)) this.#isDirty = true;
  }

  /** Resolves once all that is known by now is written; what changes meanwhile goes with the next. */
  write(): Promise<void> {
    this.#isDirty = true;
    return this.flush();
  }

  /** As `write`, if there is anything new. */
  flush(): Promise<void> {
    const next = this.#writing.catch(() => undefined).then(() => this.#writeNow());
    this.#writing = next;
    return next;
  }

  async #writeNow(): Promise<void> {
    if (!this.#isDirty) return;
    this.#isDirty = false;
    const { channel, queue, lines } = this.#options;
    this.#ledger = lines(this.#ledger);
    const text = Buffer.from(textOf(this.#ledger));
    await new Promise<void>((resolve, reject) => {
      channel.sendToQueue(queue, text, { persistent: true }, (error: unknown) => {
        if (error === null) resolve();
        else reject(error instanceof Error ? error : new Error("not confirmed"));
      });
    });
  }
}
