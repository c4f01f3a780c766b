import { Connection, type ConnectionOptions } from "@platformatic/kafka";
import { refusalIn } from "../bearer.ts";
import type { Opening } from "../connections.ts";
import type { Settings } from "../url.ts";
import { toDriverError } from "./errors.ts";

const mostInFlight = 1_000;

/** How @platformatic/kafka opens connections. */
export function openingOf(settings: Settings, timeoutMs: number): Opening<Connection> {
  return {
    timeoutMs,
    async connect({ host, port }, { over, old }) {
      const connection = new Connection(settings.clientId, optionsOf(settings, timeoutMs));
      // The client calls it shortly before the login ends, and would go on with requests while it logs in, for which brokers hang up.
      connection.reauthenticate = old;
      // One that is lost rejects what is under way by itself.
      connection.on("error", over);
      connection.on("close", () => {
        // Else the time until its next login would hold up the end of the process.
        void connection.close();
        over();
      });
      try {
        await connection.connect(host, port);
      } catch (error) {
        connection.socket?.destroy();
        throw toDriverError(error, "unreachable", `${host}:${port}`);
      }
      return connection;
    },
    close: (connection) => connection.close(),
  };
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
  if (login.mechanism === "OAUTHBEARER")
    return {
      mechanism: "OAUTHBEARER",
      token: login.token,
      authBytesValidator: (answer, done) => done(refusalIn(answer) ?? null, answer),
    };
  const { mechanism, user, password } = login;
  return { mechanism, username: user, password: () => password.reveal() };
}
