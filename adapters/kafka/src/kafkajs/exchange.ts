import type { Buffer } from "node:buffer";
import type { Exchange } from "../protocol/exchange.ts";
import { Output } from "../protocol/output.ts";
import type { ClientConnection } from "./client.ts";

const headLength = 16;

/** A request whose body is written by us, and whose answer we read: the client would copy it twice, and again where it grows. */
export async function exchange<T>(
  connection: ClientConnection,
  { key, version, name, body, read }: Exchange<T>,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<{ readonly payload: Buffer }>();
  const correlationId = connection.nextCorrelationId();
  const { clientId, requestQueue, socket } = connection;
  const head = new Output(headLength + 3 * clientId.length);
  head.int32(0).int16(key).int16(version).int32(correlationId).string(clientId);
  head.uint32At(0, head.length - 4 + body.length);
  requestQueue.push({
    entry: { apiKey: key, apiName: name, apiVersion: version, correlationId, resolve, reject },
    expectResponse: true,
    requestTimeout: null,
    sendRequest: () => {
      socket?.cork();
      socket?.write(head.written);
      socket?.write(body);
      socket?.uncork();
    },
  });
  return read((await promise).payload);
}
