import { Buffer } from "node:buffer";

/** Numbers, text and bytes as Kafka writes them, one behind the other, into as many bytes as were asked for. */
export class Output {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(size: number) {
    this.#bytes = Buffer.allocUnsafe(size);
  }

  /** What was written so far. */
  get written(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }

  get length(): number {
    return this.#at;
  }

  int8(value: number): this {
    this.#at = this.#bytes.writeInt8(value, this.#at);
    return this;
  }

  int16(value: number): this {
    this.#at = this.#bytes.writeInt16BE(value, this.#at);
    return this;
  }

  int32(value: number): this {
    this.#at = this.#bytes.writeInt32BE(value, this.#at);
    return this;
  }

  int64(value: number | bigint): this {
    this.#at = this.#bytes.writeBigInt64BE(BigInt(value), this.#at);
    return this;
  }

  /** A whole number of any size, of either sign, in one byte up to eight. */
  varint(value: number): this {
    const bytes = this.#bytes;
    let rest = zigzag(value);
    while (rest > 127) {
      bytes[this.#at++] = (rest % 128) + 128;
      rest = Math.floor(rest / 128);
    }
    bytes[this.#at++] = rest;
    return this;
  }

  raw(bytes: Uint8Array): this {
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
    return this;
  }

  /** Bytes behind their length; undefined where there are none. */
  varbytes(bytes: Uint8Array | undefined): this {
    return bytes === undefined ? this.varint(-1) : this.varint(bytes.length).raw(bytes);
  }

  string(text: string | null): this {
    if (text === null) return this.int16(-1);
    const length = this.#bytes.write(text, this.#at + 2);
    this.int16(length);
    this.#at += length;
    return this;
  }

  /** Puts a number where something else was written before. */
  uint32At(at: number, value: number): this {
    this.#bytes.writeUInt32BE(value, at);
    return this;
  }
}

export function sizeOfVarint(value: number): number {
  let size = 1;
  for (let rest = zigzag(value); rest > 127; rest = Math.floor(rest / 128)) size += 1;
  return size;
}

export function sizeOfVarbytes(bytes: Uint8Array | undefined): number {
  return bytes === undefined ? 1 : sizeOfVarint(bytes.length) + bytes.length;
}

function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}
