import type { Buffer } from "node:buffer";
import { type API, type Connection, createAPI, Writer } from "@platformatic/kafka";
import type { Exchange } from "../protocol/exchange.ts";

type Raw = API<[body: Buffer], Buffer>;

/** By what is asked; each takes longer to make than to use. */
const apis = new Map<string, Raw>();

/** A request whose body is written by us, and whose answer we read. */
export async function exchange<T>(connection: Connection, { key, version, name, body, read }: Exchange<T>): Promise<T> {
  let api = apis.get(name);
  if (api === undefined) apis.set(name, (api = apiOf(key, version)));
  return read(await api.async(connection, body));
}

function apiOf(key: number, version: number): Raw {
  return createAPI<[Buffer], Buffer>(
    key,
    version,
    (body: Buffer) => Writer.create().append(body),
    (_id, _key, _version, reader) => reader.buffer.slice(reader.position),
    false,
    false,
  );
}
