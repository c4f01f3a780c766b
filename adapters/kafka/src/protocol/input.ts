import type { Buffer } from "node:buffer";

const int32Values = 2 ** 32;

/** Reads numbers, text and bytes as Kafka writes them, one behind the other. @throws RangeError behind the last byte */
export class Input {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** Where it is, in bytes. */
  get at(): number {
    return this.#at;
  }

  set at(at: number) {
    this.#at = at;
  }

  skip(length: number): void {
    const end = this.#at + length;
    if (length < 0 || end > this.#bytes.length) throw new RangeError(`${length} bytes are cut off`);
    this.#at = end;
  }

  int8(): number {
    const value = this.#bytes.readInt8(this.#at);
    this.#at += 1;
    return value;
  }

  int16(): number {
    const value = this.#bytes.readInt16BE(this.#at);
    this.#at += 2;
    return value;
  }

  int32(): number {
    const value = this.#bytes.readInt32BE(this.#at);
    this.#at += 4;
    return value;
  }

  /** Exact as far as a number is: offsets, times and names of producers do not come near 2 ** 53. */
  int64(): number {
    return this.int32() * int32Values + (this.int32() >>> 0);
  }

  /** A whole number of either sign, in one byte or more. */
  varint(): number {
    let [value, scale] = [0, 1];
    for (;;) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new RangeError("a number is cut off");
      value += (byte & 127) * scale;
      if (byte < 128) break;
      scale *= 128;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** A view of so many bytes. */
  raw(length: number): Buffer {
    const start = this.#at;
    this.skip(length);
    return this.#bytes.subarray(start, this.#at);
  }

  /** A view of the bytes behind their length; undefined where there are none. */
  varbytes(): Buffer | undefined {
    const length = this.varint();
    return length < 0 ? undefined : this.raw(length);
  }

  /** Text behind its length, empty where there is none; it may be the one that is known. */
  varstring(known: string): string {
    const length = Math.max(this.varint(), 0);
    const start = this.#at;
    this.skip(length);
    return this.#isAscii(known, start, length) ? known : this.#bytes.toString("utf8", start, this.#at);
  }

  string(): string | undefined {
    const length = this.int16();
    return length < 0 ? undefined : this.raw(length).toString();
  }

  array<T>(read: () => T): readonly T[] {
    const count = this.int32();
    return count <= 0 ? [] : Array.from({ length: count }, read);
  }

  /** Whether it is this text, and no more than ASCII. */
  #isAscii(text: string, at: number, length: number): boolean {
    if (text.length !== length) return false;
    // What is alike mostly differs in its end.
    for (let index = length - 1; index >= 0; index -= 1) {
      const code = text.charCodeAt(index);
      if (code > 127 || this.#bytes[at + index] !== code) return false;
    }
    return true;
  }
}
