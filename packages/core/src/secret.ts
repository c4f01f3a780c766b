/** A word that no log shows: neither `inspect` nor JSON looks into it (LIF-6). */
export class Secret {
  readonly #word: string;

  constructor(word: string) {
    this.#word = word;
  }

  reveal(): string {
    return this.#word;
  }
}
