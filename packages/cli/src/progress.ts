import type { Output } from "./output.ts";

const width = 24;
const drawEveryMs = 100;

/** A line that shows how far it is and how fast; on a terminal only. */
export class Progress {
  readonly #output: Output;
  readonly #total: number | undefined;
  readonly #startedAt = performance.now();
  #drawnAt = -Infinity;

  /** `total` in the unit of `part`; undefined where nobody knows it. */
  constructor(output: Output, total: number | undefined) {
    this.#output = output;
    this.#total = total;
  }

  show(done: number, part: number): void {
    const now = performance.now();
    if (!this.#output.live || now - this.#drawnAt < drawEveryMs) return;
    this.#drawnAt = now;
    this.#output.draw(`${this.#bar(part)}${done} (${this.#rate(done, now)}/s)`);
  }

  clear(): void {
    this.#output.draw("");
  }

  #bar(part: number): string {
    if (this.#total === undefined || this.#total === 0) return "";
    const share = Math.min(1, part / this.#total);
    const full = Math.floor(share * width);
    return `${"█".repeat(full)}${"░".repeat(width - full)} ${Math.floor(share * 100)}%  `;
  }

  #rate(done: number, now: number): number {
    return Math.round((done * 1_000) / Math.max(1, now - this.#startedAt));
  }
}
