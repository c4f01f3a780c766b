import { once } from "node:events";
import type { Writable } from "node:stream";

/** Writes results to one stream and everything else to the other; knows whether anybody still reads. */
export class Output {
  readonly #results: Writable;
  readonly #notes: Writable & { readonly isTTY?: boolean };
  readonly #json: boolean;
  readonly #closed = new AbortController();

  constructor(results: Writable, notes: Writable & { readonly isTTY?: boolean }, json: boolean) {
    this.#results = results;
    this.#notes = notes;
    this.#json = json;
    for (const stream of [results, notes]) stream.on("error", (error) => this.#failed(error));
  }

  /** Fires when nobody reads the results any more, as with `| head`. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** Whether a line may be drawn anew in place of the last: on a terminal. */
  get live(): boolean {
    return this.#notes.isTTY === true;
  }

  /** One result: its JSON where that is asked for, else its text. Resolves when there is room for the next. */
  async result(value: unknown, text: string): Promise<void> {
    if (this.#closed.signal.aborted) return;
    const line = this.#json ? JSON.stringify(value) : text;
    if (this.#results.write(`${line}\n`)) return;
    await once(this.#results, "drain", { signal: this.#closed.signal }).catch(() => undefined);
  }

  /** Text for people only. */
  async text(text: string): Promise<void> {
    if (!this.#json) await this.result(undefined, text);
  }

  /** Says something that is no result. */
  note(text: string): void {
    this.#notes.write(`${this.live ? "\r\u001b[K" : ""}${text}\n`);
  }

  /** Draws a line in place of the last one drawn; only on a terminal. */
  draw(line: string): void {
    if (this.live) this.#notes.write(`\r\u001b[K${line}`);
  }

  #failed(error: Error): void {
    if (!("code" in error) || error.code !== "EPIPE") throw error;
    this.#closed.abort();
  }
}
