import { isUtf8 } from "node:buffer";
import { WaybillError } from "./errors.ts";

/** Turns the data of a message into bytes and back. What it throws at publish becomes `INVALID_DATA`, at receipt a dead letter. */
export interface Codec {
  /** The media type of the bytes, CloudEvents' `datacontenttype`. */
  readonly contentType: string;
  encode(data: unknown): Uint8Array;
  decode(bytes: Uint8Array): unknown;
}

/** JSON. With it a message travels as one structured CloudEvents document, the same bytes on every carrier. */
export const json: Codec = {
  contentType: "application/json",
  encode: (data) => Buffer.from(JSON.stringify(data) ?? ""),
  decode: (received): unknown => (received.length === 0 ? undefined : JSON.parse(utf8(received))),
};

/** Bytes as they are: data is a `Uint8Array` on both sides. */
export const bytes: Codec = {
  contentType: "application/octet-stream",
  encode(data) {
    if (data instanceof Uint8Array) return data;
    throw new TypeError(`the bytes codec takes a Uint8Array, not ${typeof data}`);
  },
  decode: (received) => received,
};

/** The text of UTF-8 bytes. @throws WaybillError `MALFORMED` where they are none, instead of replacing what does not fit */
export function utf8(received: Uint8Array): string {
  const buffer = Buffer.from(received.buffer, received.byteOffset, received.byteLength);
  if (!isUtf8(buffer)) throw new WaybillError("MALFORMED", "the body is not UTF-8");
  return buffer.toString("utf8");
}
