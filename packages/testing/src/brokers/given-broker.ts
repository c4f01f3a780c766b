import process from "node:process";
import type { Broker, BrokerKind, BrokerOptions } from "./broker.ts";
import type { Server } from "./server.ts";

/** The broker whose URL stands in the environment. A text says why there is none. */
export async function givenBroker<Options extends BrokerOptions>(
  server: Server<Options>,
  options: Options,
): Promise<Broker | string> {
  const variable = `WAYBILL_TEST_${server.kind.toUpperCase()}_URL`;
  const url = process.env[variable];
  if (url === undefined || url === "") return `${variable} is not set`;
  if (!server.suitsAny(options)) return `${variable} names a server that cannot be given these options`;
  try {
    return new GivenBroker(server.kind, url, variable, await server.probe(url));
  } catch (cause) {
    throw new Error(`the ${server.kind} server of ${variable} does not answer`, { cause });
  }
}

class GivenBroker implements Broker {
  readonly source = "url";
  readonly isPrivate = false;
  readonly kind: BrokerKind;
  readonly url: string;
  readonly version: string | undefined;
  readonly #variable: string;

  constructor(kind: BrokerKind, url: string, variable: string, version: string) {
    this.kind = kind;
    this.url = url;
    this.version = version === "" ? undefined : version;
    this.#variable = variable;
  }

  kill(): Promise<void> {
    return this.#refuse("killed");
  }

  pause(): Promise<void> {
    return this.#refuse("paused");
  }

  resume(): Promise<void> {
    return this.#refuse("resumed");
  }

  restart(): Promise<void> {
    return this.#refuse("restarted");
  }

  administer(): Promise<never> {
    return this.#refuse("administered");
  }

  async stop(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}

  async #refuse(what: string): Promise<never> {
    throw new Error(
      `the ${this.kind} server of ${this.#variable} cannot be ${what} by a test; unset ${this.#variable} to get a private one`,
    );
  }
}
