import { Buffer } from "node:buffer";
import { setImmediate } from "node:timers";
import { refusalIn } from "../bearer.ts";
import type { Opening } from "../connections.ts";
import { DriverError } from "../driver.ts";
import type { Bearer, Settings } from "../url.ts";
import type { Client, ClientConnection, Versions } from "./client.ts";
import { toDriverError } from "./errors.ts";

/** A connection, and what the broker at its end knows. */
export interface Link {
  readonly connection: ClientConnection;
  readonly versions: Versions;
}

/** How kafkajs opens connections. */
export function openingOf(client: Client, settings: Settings, timeoutMs: number): Opening<Link> {
  return {
    timeoutMs,
    async connect({ host, port }, { over, old }) {
      const connection = new client.Connection({ ...optionsOf(client, settings, timeoutMs), host, port });
      rested(connection);
      try {
        await connection.connect();
        connection.socket?.on("close", over);
        const versions = await versionsOf(client, connection);
        connection.setVersions(versions);
        connection.setSupportAuthenticationProtocol(true);
        const unlimited = connection.sessionLifetime;
        await connection.authenticate();
        const lifeMs = Number(connection.sessionLifetime.toString());
        if (lifeMs > 0) setTimeout(old, lifeMs * 0.8).unref();
        // It would log in again between two requests, and before each where it lives for less than ten seconds.
        connection.sessionLifetime = unlimited;
        if (!connection.isConnected()) throw new Error("the connection was closed");
        return { connection, versions };
      } catch (error) {
        end(connection);
        throw toDriverError(error, "unreachable", `${host}:${port}`);
      }
    },
    async close({ connection }) {
      end(connection);
      // What was under way hears of it first.
      await new Promise<void>((resolve) => void setImmediate(resolve));
    },
  };
}

/** At once: the client would wait for what is under way. */
export function end(connection: ClientConnection): void {
  connection.rejectRequests(new DriverError("lost", "CLOSED", "the connection was closed before there was an answer"));
  connection.disconnect().catch(() => undefined);
  connection.socket?.destroy();
}

/** The client looks each millisecond whether something waits that is not slowed down, also where nothing ever does. */
function rested({ requestQueue }: ClientConnection): void {
  const schedule = requestQueue.scheduleCheckPendingRequests.bind(requestQueue);
  requestQueue.scheduleCheckPendingRequests = () => {
    if (requestQueue.pending.length > 0) schedule();
  };
}

async function versionsOf({ requests }: Client, connection: ClientConnection): Promise<Versions> {
  const asking = requests["ApiVersions"]?.protocol({ version: 0 })({});
  if (asking === undefined) return {};
  const { apiVersions } = (await connection.send(asking)) as {
    readonly apiVersions: readonly {
      readonly apiKey: number;
      readonly minVersion: number;
      readonly maxVersion: number;
    }[];
  };
  return Object.fromEntries(apiVersions.map(({ apiKey, ...range }) => [apiKey, range]));
}

function optionsOf(client: Client, { clientId, connectTimeoutMs, login, tls }: Settings, timeoutMs: number): object {
  return {
    clientId,
    logger: silent,
    socketFactory: client.socketFactory(),
    connectionTimeout: connectTimeoutMs,
    requestTimeout: timeoutMs,
    ...(tls !== undefined && { ssl: { ...tls, key: tls.key?.reveal() } }),
    ...(login !== undefined && { sasl: saslOf(login) }),
  };
}

function saslOf(login: NonNullable<Settings["login"]>): object {
  if (login.mechanism === "OAUTHBEARER") return { mechanism: "oauthbearer", authenticationProvider: bearer(login) };
  const { mechanism, user, password } = login;
  return { mechanism: mechanism.toLowerCase(), username: user, password: password.reveal() };
}

/** What the client's connection sends for us, and what reads the answer. */
interface Saying {
  readonly saslAuthenticate: (exchange: {
    readonly request: { readonly encode: () => Promise<Buffer> };
    readonly response: {
      readonly decode: (answer: Buffer) => Promise<Buffer>;
      readonly parse: (answer: Buffer) => Promise<void>;
    };
  }) => Promise<void>;
}

const lengthBytes = 4;

function bearer({ token }: Bearer): (saying: Saying) => { readonly authenticate: () => Promise<void> } {
  return ({ saslAuthenticate }) => ({
    authenticate: async () => {
      const words = Buffer.from(`n,,\u0001auth=Bearer ${await token()}\u0001\u0001`);
      const length = Buffer.alloc(lengthBytes);
      length.writeInt32BE(words.length);
      await saslAuthenticate({
        request: { encode: async () => Buffer.concat([length, words]) },
        response: {
          decode: async (answer) => answer.subarray(lengthBytes),
          async parse(answer) {
            const refusal = refusalIn(answer);
            if (refusal !== undefined) throw refusal;
          },
        },
      });
    },
  });
}

const nothing = (): void => undefined;
/** What goes wrong is told by us. */
const silent = { namespace: () => silent, debug: nothing, info: nothing, warn: nothing, error: nothing };
