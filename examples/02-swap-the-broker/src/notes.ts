import { EventEmitter, once } from "node:events";

/** How long something may take to happen. */
const patienceMs = 20_000;

/** What handlers have done, for a program that waits for it. */
export class Notes {
  readonly #lines: string[] = [];
  readonly #added = new EventEmitter();

  add(line: string): void {
    this.#lines.push(line);
    this.#added.emit("line");
  }

  /** Takes all lines, in the order they came, as soon as there are so many. Rejects when they are not there in time. */
  async take(count: number): Promise<readonly string[]> {
    const signal = AbortSignal.timeout(patienceMs);
    while (this.#lines.length < count) {
      await once(this.#added, "line", { signal }).catch(() => {
        throw new Error(`${count} lines were to come, but there are ${this.#lines.length}: ${this.#lines.join("; ")}`);
      });
    }
    return this.#lines.splice(0);
  }
}
