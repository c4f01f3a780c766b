import { UsageError } from "./usage-error.ts";

/** What was given to a command: its operands and its flags. */
export class Arguments {
  readonly operands: readonly string[];
  readonly #flags: ReadonlyMap<string, readonly string[]>;

  constructor(operands: readonly string[], flags: ReadonlyMap<string, readonly string[]>) {
    this.operands = operands;
    this.#flags = flags;
  }

  has(flag: string): boolean {
    return this.#flags.has(flag);
  }

  /** The value of a flag that is given once. @throws UsageError where it was given more often */
  text(flag: string): string | undefined {
    const values = this.all(flag);
    if (values.length > 1) throw new UsageError(`--${flag} was given ${values.length} times; give it once`);
    return values[0];
  }

  /** The values of a flag that may be given several times. */
  all(flag: string): readonly string[] {
    return this.#flags.get(flag) ?? [];
  }

  /** The whole number, of at least 1, that a flag says. @throws UsageError */
  count(flag: string): number | undefined {
    const text = this.text(flag);
    if (text === undefined || /^[1-9]\d{0,14}$/.test(text)) return text === undefined ? undefined : Number(text);
    throw new UsageError(`--${flag} is ${JSON.stringify(text)}; give a whole number of at least 1`);
  }
}
