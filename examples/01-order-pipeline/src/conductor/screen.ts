/** Where output goes; `columns` is known on a terminal only. */
export interface Stream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

/** Prints lines; on a terminal it keeps a block below them that it draws anew in place. */
export class Screen {
  readonly #stream: Stream;
  #block: readonly string[] = [];

  constructor(stream: Stream) {
    this.#stream = stream;
  }

  /** Whether a block can be drawn. */
  get live(): boolean {
    return this.#stream.isTTY === true;
  }

  print(line = ""): void {
    this.#stream.write(`${this.#erase()}${line}\n${this.#text()}`);
  }

  /** Draws the block, which stays the last thing on the screen until `clear`. Needs a terminal. */
  draw(block: readonly string[]): void {
    const erase = this.#erase();
    // A longer line would wrap and with that be two to erase. Some terminals do not know their width and say 0.
    const width = (this.#stream.columns ?? 0) || 80;
    this.#block = block.map((line) => line.slice(0, width - 1));
    this.#stream.write(erase + this.#text());
  }

  clear(): void {
    this.#stream.write(this.#erase());
    this.#block = [];
  }

  #erase(): string {
    return this.#block.length === 0 ? "" : `\u001b[${this.#block.length}A\u001b[J`;
  }

  #text(): string {
    return this.#block.map((line) => `${line}\n`).join("");
  }
}
