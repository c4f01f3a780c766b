import type { Buffer } from "node:buffer";
import type { Connections } from "../connections.ts";
import { DriverError } from "../driver.ts";
import type { Code, Place, Topics } from "./answers.ts";
import type { Client, Exchange } from "./client.ts";
import { nameOf, toDriverError } from "./errors.ts";
import { end, type Link } from "./opening.ts";

/** Asks a broker once, and reads what it has answered, error by error. */
export class Requests {
  readonly #client: Client;
  readonly #connections: Connections<Link>;

  constructor(client: Client, connections: Connections<Link>) {
    this.#client = client;
    this.#connections = connections;
  }

  /** What each partition has answered. @throws DriverError for the first that has answered with an error */
  each<P extends Place, T>(topics: Topics<P>, of: (topic: string, answer: P) => T): readonly T[] {
    return topics.flatMap(({ topic, partitions }) =>
      partitions.map((answer) => of(topic, this.checked(answer, `${topic}/${answer.partition}`))),
    );
  }

  checked<T extends Code>(answer: T, of = "the broker"): T {
    if (answer.errorCode === 0) return answer;
    const reason = nameOf(this.#client, answer.errorCode);
    throw new DriverError("refused", reason, `${of} answers ${reason}`);
  }

  async ask<T>(
    node: number | undefined,
    api: string,
    what: object,
    read?: (raw: Buffer) => Promise<object>,
  ): Promise<T> {
    const link = await (node === undefined ? this.#connections.any() : this.#connections.to(node));
    const { connection, versions } = link;
    const where = `${connection.host}:${connection.port}`;
    if (!connection.isConnected()) throw new DriverError("unreachable", "CLOSED", `${where}: was closed before`);
    const { request, response, requestTimeout } = this.#exchange(api, what, versions);
    try {
      const answer = await connection.send({
        request,
        // The client's own would throw for all where one has failed.
        response: { decode: read ?? response.decode, parse: (decoded) => Promise.resolve(decoded) },
        ...(requestTimeout !== undefined && { requestTimeout }),
      });
      return answer as T;
    } catch (error) {
      const failure = toDriverError(error, "lost", where);
      // An answer that is late would be taken for lost all the same.
      if (failure.kind === "lost") end(connection);
      throw failure;
    }
  }

  #exchange(api: string, what: object, versions: Link["versions"]): Exchange {
    const definition = this.#client.requests[api];
    const there = versions[this.#client.apiKeys[api] ?? -1];
    const known = definition?.versions.map(Number) ?? [];
    const version = Math.min(Math.max(...known), there?.maxVersion ?? -1);
    if (definition === undefined || version < (there?.minVersion ?? 0))
      throw new DriverError(
        "refused",
        "UNSUPPORTED_VERSION",
        `the broker and kafkajs have no version of ${api} together`,
      );
    return definition.protocol({ version })(what);
  }

  close(): Promise<void> {
    return this.#connections.close();
  }
}
