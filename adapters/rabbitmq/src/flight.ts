import type { SendResult, WaybillError } from "@waybill/core";

/** Messages that were written to a channel one after the other, and which of them the server has confirmed. */
export class Flight {
  /** The number of its first message on the channel; the others follow. */
  readonly first: number;
  readonly #results: SendResult[];
  readonly #open: Uint8Array;
  #left: number;
  readonly #end = Promise.withResolvers<readonly SendResult[]>();

  constructor(first: number, size: number) {
    this.first = first;
    this.#left = size;
    this.#open = new Uint8Array(size).fill(1);
    this.#results = Array.from<SendResult>({ length: size }).fill("stored");
  }

  /** One result each, once each has one. */
  get done(): Promise<readonly SendResult[]> {
    return this.#end.promise;
  }

  get last(): number {
    return this.first + this.#open.length - 1;
  }

  get isOver(): boolean {
    return this.#left === 0;
  }

  /** The server has an answer for this message; the first one counts. */
  settle(tag: number, result: SendResult | undefined): void {
    const index = tag - this.first;
    if (this.#open[index] !== 1) return;
    this.#open[index] = 0;
    if (result !== undefined) this.#results[index] = result;
    this.#left -= 1;
    if (this.#left === 0) this.#end.resolve(this.#results);
  }

  /** The same answer for every message up to this one that has none yet. */
  settleTo(tag: number, result: SendResult | undefined): void {
    const end = Math.min(tag, this.last);
    for (let each = this.first; each <= end; each += 1) this.settle(each, result);
  }

  /** What the server says of this message before it confirms it, where it says that no queue has taken it. */
  mark(tag: number, result: SendResult): void {
    const index = tag - this.first;
    if (this.#open[index] === 1) this.#results[index] = result;
  }

  /** Nothing more will be heard of it. */
  end(error: WaybillError): void {
    this.settleTo(this.last, { outcome: "unknown", error });
  }
}
