import type { Connections } from "../connections.ts";
import { DriverError } from "../driver.ts";
import type { Code, Place, Topics } from "./answers.ts";
import type { Client, ClientRequest } from "./client.ts";
import type { Exchange } from "../protocol/exchange.ts";
import { nameOf, toDriverError } from "./errors.ts";
import { exchange } from "./exchange.ts";
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

  async ask<T>(node: number | undefined, api: string, what: object): Promise<T> {
    return this.#over(node, async ({ connection, versions }) => {
      const { request, response, requestTimeout } = this.#requestOf(api, what, versions);
      const answer = await connection.send({
        request,
        // The client's own would throw for all where one has failed.
        response: { decode: response.decode, parse: (decoded) => Promise.resolve(decoded) },
        ...(requestTimeout !== undefined && { requestTimeout }),
      });
      return answer as T;
    });
  }

  /** The same, written and read by us. */
  async exchange<T>(node: number, what: Exchange<T>): Promise<T> {
    return this.#over(node, ({ connection }) => exchange(connection, what));
  }

  async #over<T>(node: number | undefined, request: (link: Link) => Promise<T>): Promise<T> {
    const link = await (node === undefined ? this.#connections.any() : this.#connections.to(node));
    const { connection } = link;
    const where = `${connection.host}:${connection.port}`;
    if (!connection.isConnected()) throw new DriverError("unreachable", "CLOSED", `${where}: was closed before`);
    try {
      return await request(link);
    } catch (error) {
      const failure = toDriverError(error, "lost", where);
      // An answer that is late would be taken for lost all the same.
      if (failure.kind === "lost") end(connection);
      throw failure;
    }
  }

  #requestOf(api: string, what: object, versions: Link["versions"]): ClientRequest {
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
