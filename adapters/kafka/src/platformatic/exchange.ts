import type { Buffer } from "node:buffer";
import { type Connection, createAPI, Writer } from "@platformatic/kafka";
import type { Exchange } from "../protocol/exchange.ts";

/** A request whose body is written by us, and whose answer we read. */
export async function exchange<T>(connection: Connection, { key, version, body, read }: Exchange<T>): Promise<T> {
  const api = createAPI<[], Buffer>(
    key,
    version,
    () => Writer.create().append(body),
    (_id, _key, _version, reader) => reader.buffer.slice(reader.position),
    false,
    false,
  );
  return read(await api.async(connection));
}
