import { Buffer } from "node:buffer";
import type { Cancel, Clock } from "@waybill/core";
import type { Channel, ConfirmChannel } from "amqplib";
import { blank, type Ledger, type Line, textOf, type Told, toldIn } from "./ledger.ts";

/** How late others may hear how many messages wait, ms. */
const toldAfterMs = 100;
/** Somebody else may be looking at it this moment, ms. */
const glanceMs = 10;
const glances = 100;

/** What a shard's last member has written down; what nobody has is nothing. It stays there. */
export async function lookInto(channel: Channel, queue: string, clock: Clock): Promise<Told> {
  for (let left = glances; left > 0; left -= 1) {
    const message = await channel.get(queue);
    if (message !== false) {
      channel.nack(message, false, true);
      return toldIn(message.content.toString());
    }
    await new Promise<void>((resolve) => void clock.after(glanceMs, resolve));
  }
  return toldIn("");
}

/** A cell in which nothing stands yet. */
export const emptyCell: Buffer = Buffer.from(textOf({ ledger: new Map(), waiting: 0 }));

export interface LedgerCellOptions {
  readonly channel: ConfirmChannel;
  readonly queue: string;
  readonly clock: Clock;
  readonly ledger: Ledger;
  /** The lines as they are to be written now. */
  readonly lines: (ledger: Ledger) => Ledger;
}

/** The ledger of a shard that is ours: a queue of one message, which is replaced. Written on the channel that the shard hangs on. */
export class LedgerCell {
  readonly #options: LedgerCellOptions;
  #ledger: Ledger;
  #waiting = 0;
  #toldWaiting = 0;
  #isDirty = false;
  #timer: Cancel | undefined;
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

  /** So many messages wait here behind others of their keys. */
  tell(waiting: number): void {
    this.#waiting = waiting;
    if (waiting === this.#toldWaiting || this.#timer !== undefined) return;
    this.#timer = this.#options.clock.after(toldAfterMs, () => {
      this.#timer = undefined;
      if (this.#waiting !== this.#toldWaiting) void this.write().catch(() => undefined);
    });
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

  close(): void {
    this.#timer?.();
  }

  async #writeNow(): Promise<void> {
    if (!this.#isDirty) return;
    this.#isDirty = false;
    this.#toldWaiting = this.#waiting;
    const { channel, queue, lines } = this.#options;
    this.#ledger = lines(this.#ledger);
    const text = Buffer.from(textOf({ ledger: this.#ledger, waiting: this.#waiting }));
    await new Promise<void>((resolve, reject) => {
      channel.sendToQueue(queue, text, { persistent: true }, (error: unknown) => {
        if (error === null) resolve();
        else reject(error instanceof Error ? error : new Error("not confirmed"));
      });
    });
  }
}
