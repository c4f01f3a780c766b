import { WaybillError } from "./errors.ts";
import { nearest } from "./nearest.ts";

export interface GivenOptions {
  /** Whose settings they are, in an error. */
  readonly carrier: string;
  readonly known: readonly string[];
  /** What no URL should hold: secrets, and what is no text. */
  readonly notInUrls?: readonly string[] | undefined;
}

/** The settings of an adapter as they are given: as `?name=value` in its URL, and in its options. The URL goes first. */
export class Given {
  readonly #options: GivenOptions;
  readonly #values: Map<string, unknown>;
  /** What the URL says, as it is written there: a text of digits is one too. */
  readonly #written: ReadonlyMap<string, string>;

  /** @throws WaybillError `CONFIG` naming a setting that nobody knows, or that has no place in a URL */
  constructor(url: URL, options: unknown, about: GivenOptions) {
    this.#options = about;
    if (typeof (options ?? {}) !== "object") throw this.flaw(`the options are a ${typeof options}; give an object`);
    if (url.hash !== "" || url.href.endsWith("#")) throw this.flaw(`a "#" in the URL is written %23`);
    this.#values = new Map(Object.entries(options ?? {}).filter(([, value]) => value !== undefined));
    for (const name of this.#values.keys()) this.#check(name);
    this.#written = new Map(url.searchParams);
    for (const [name, value] of this.#written) {
      this.#check(name);
      if (about.notInUrls?.includes(name) === true) throw this.flaw(`${name} is given as an option, not in the URL`);
      this.#values.set(name, read(value));
    }
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  get(name: string): unknown {
    return this.#values.get(name);
  }

  /** @throws WaybillError `CONFIG` for what is no whole number within the bounds, both of which are allowed */
  wholeNumber(name: string, usual: number, [least, most]: readonly [number, number]): number {
    const value = this.get(name) ?? usual;
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= least && value <= most) return value;
    throw this.flaw(`${name} is ${JSON.stringify(value)}; give a whole number from ${least} to ${most}`);
  }

  /** @throws WaybillError `CONFIG` for what is neither true nor false; default false */
  flag(name: string): boolean {
    const value = this.get(name) ?? false;
    if (typeof value === "boolean") return value;
    throw this.flaw(`${name} is neither true nor false`);
  }

  /** @throws WaybillError `CONFIG` for what is no text, or an empty one */
  text(name: string): string | undefined {
    const value = this.#written.get(name) ?? this.get(name);
    if (value === undefined) return undefined;
    if (typeof value === "string" && value !== "") return value;
    throw this.flaw(
      value === "" ? `${name} is empty; leave it out, or give a text` : `${name} is not a text; give one`,
    );
  }

  /** Why settings cannot be used: to be thrown. It should hold no credential (LIF-6). */
  flaw(why: string): WaybillError {
    return new WaybillError("CONFIG", `${this.#options.carrier}: ${why}`);
  }

  #check(name: string): void {
    const { known } = this.#options;
    if (known.includes(name)) return;
    // What stands there may be a part of a secret.
    if (!/^\w{1,40}$/.test(name))
      throw this.flaw(`a setting has an odd name (a "?" before it is written %3F); known are ${known.join(", ")}`);
    throw this.flaw(
      `knows no setting "${name}"; did you mean "${nearest(name, known)}"? known are ${known.join(", ")}`,
    );
  }
}

function read(value: string): unknown {
  if (/^\d{1,15}$/.test(value)) return Number(value);
  return value === "true" || value === "false" ? value === "true" : value;
}
