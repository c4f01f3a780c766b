import { Connection, type ConnectionOptions } from "@platformatic/kafka";
import { DriverError } from "../driver.ts";
import type { Node, Settings } from "../url.ts";
import { toDriverError } from "./errors.ts";

/** Where the brokers of a cluster listen, as the cluster itself says, or behind its tunnel. */
export class Addresses {
  readonly #byNode = new Map<number, Node>();
  readonly #tunnel: Node | undefined;

  constructor({ tunnel, seeds }: Settings) {
    this.#tunnel = tunnel ? seeds[0] : undefined;
  }

  get(node: number): Node | undefined {
    return this.#byNode.get(node);
  }

  set(node: number, address: Node): void {
    this.#byNode.set(node, this.#tunnel ?? address);
  }

  all(): readonly Node[] {
    return [...this.#byNode.values()];
  }
}

const mostInFlight = 1_000;

/** One connection to each broker, opened when it is needed and again when it was lost. */
export class Connections {
  readonly #settings: Settings;
  readonly #addresses: Addresses;
  readonly #timeoutMs: number;
  readonly #open = new Map<string, Promise<Connection>>();
  #isClosed = false;

  constructor(settings: Settings, addresses: Addresses, timeoutMs: number) {
    this.#settings = settings;
    this.#addresses = addresses;
    this.#timeoutMs = timeoutMs;
  }

  /** @throws DriverError `unreachable` */
  to(node: number): Promise<Connection> {
    const address = this.#addresses.get(node);
    if (address === undefined)
      return Promise.reject(new DriverError("unreachable", "BROKER_NOT_AVAILABLE", `broker ${node} is not known`));
    return this.#at(address);
  }

  /** A connection to whichever broker answers, known ones first. @throws DriverError `unreachable` */
  async any(): Promise<Connection> {
    let failure: unknown;
    for (const address of [...this.#addresses.all(), ...this.#settings.seeds]) {
      try {
        return await this.#at(address);
      } catch (error) {
        failure = isBetter(error, failure) ? error : failure;
      }
    }
    throw failure;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const all = [...this.#open.values()];
    this.#open.clear();
    await Promise.allSettled(all.map(async (opening) => (await opening).close()));
  }

  #at({ host, port }: Node): Promise<Connection> {
    if (this.#isClosed) return Promise.reject(new DriverError("unreachable", "CLOSED", "the session is closed"));
    const key = `${host}:${port}`;
    const known = this.#open.get(key);
    if (known !== undefined) return known;
    const opening = this.#connect(host, port, () => {
      if (this.#open.get(key) === opening) this.#open.delete(key);
    });
    this.#open.set(key, opening);
    return opening;
  }

  async #connect(host: string, port: number, over: () => void): Promise<Connection> {
    const connection = new Connection(this.#settings.clientId, optionsOf(this.#settings, this.#timeoutMs));
    // One that is lost rejects what is under way by itself.
    connection.on("error", over);
    connection.on("close", over);
    try {
      await connection.connect(host, port);
    } catch (error) {
      over();
      connection.socket?.destroy();
      throw toDriverError(error, "unreachable", `${host}:${port}`);
    }
    if (this.#isClosed) {
      await connection.close();
      throw new DriverError("unreachable", "CLOSED", "the session is closed");
    }
    return connection;
  }
}

/** Who was reached and refuses says more than who was not reached. */
function isBetter(error: unknown, than: unknown): boolean {
  return than === undefined || (error instanceof DriverError && error.kind === "refused");
}

function optionsOf({ login, tls, connectTimeoutMs }: Settings, timeoutMs: number): ConnectionOptions {
  return {
    connectTimeout: connectTimeoutMs,
    requestTimeout: timeoutMs,
    maxInflights: mostInFlight,
    ...(tls !== undefined && { tls: tlsOf(tls), tlsServerName: tls.servername ?? true }),
    ...(login !== undefined && { sasl: saslOf(login) }),
  };
}

function tlsOf({
  ca,
  cert,
  key,
  rejectUnauthorized = true,
}: NonNullable<Settings["tls"]>): NonNullable<ConnectionOptions["tls"]> {
  return {
    rejectUnauthorized,
    ...(ca !== undefined && { ca: bytesOf(ca) }),
    ...(cert !== undefined && { cert: bytesOf(cert) }),
    ...(key !== undefined && { key: key.reveal() }),
  };
}

function bytesOf(pem: string | Uint8Array): string | Buffer {
  return typeof pem === "string" ? pem : Buffer.from(pem);
}

function saslOf(login: NonNullable<Settings["login"]>): NonNullable<ConnectionOptions["sasl"]> {
  if (login.mechanism === "OAUTHBEARER") return { mechanism: "OAUTHBEARER", token: login.token };
  const { mechanism, user, password } = login;
  return { mechanism, username: user, password: () => password.reveal() };
}
