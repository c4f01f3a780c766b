import { Buffer } from "node:buffer";

/** What has to pass: so many bytes in all, or a text, on one connection, however it is cut into chunks. */
export type Sign = { readonly bytes: number } | { readonly text: string };

/** Waits for its sign, of which it is shown all bytes that pass in its direction. */
export interface Trigger {
  /** How many of these bytes complete the sign, the next ones of a connection; undefined if they do not. */
  find(next: Buffer, connection: object): number | undefined;
  /** These have passed without completing it. */
  pass(bytes: Buffer, connection: object): void;
}

/** @throws TypeError for a sign that is always there */
export function triggerOf(sign: Sign): Trigger {
  if ("text" in sign) return new TextTrigger(Buffer.from(sign.text));
  return new CountTrigger(sign.bytes);
}

class CountTrigger implements Trigger {
  #left: number;

  constructor(bytes: number) {
    if (!Number.isInteger(bytes) || bytes < 1) throw new TypeError(`bytes is ${bytes}; give a whole number from 1`);
    this.#left = bytes;
  }

  find(next: Buffer): number | undefined {
    return this.#left <= next.length ? this.#left : undefined;
  }

  pass(bytes: Buffer): void {
    this.#left -= bytes.length;
  }
}

const nothing = Buffer.alloc(0);

class TextTrigger implements Trigger {
  readonly #text: Buffer;
  /** By connection: the last bytes that have passed, one less than the text has, in which it may have begun. */
  readonly #tails = new WeakMap<object, Buffer>();

  constructor(text: Buffer) {
    if (text.length === 0) throw new TypeError("text is empty; give what has to pass");
    this.#text = text;
  }

  find(next: Buffer, connection: object): number | undefined {
    const tail = this.#tails.get(connection) ?? nothing;
    const index = Buffer.concat([tail, next]).indexOf(this.#text);
    return index === -1 ? undefined : index + this.#text.length - tail.length;
  }

  pass(bytes: Buffer, connection: object): void {
    const seen = Buffer.concat([this.#tails.get(connection) ?? nothing, bytes]);
    this.#tails.set(connection, seen.subarray(Math.max(0, seen.length - this.#text.length + 1)));
  }
}
