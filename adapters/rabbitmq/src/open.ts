import { hostname } from "node:os";
import process from "node:process";
import { type Clock, type Random, WaybillError } from "@waybill/core";
import { type ChannelModel, connect, type SocketOptions } from "amqplib";
import { Connection, type ConnectionEvents } from "./connection.ts";
import { openingError, toError } from "./errors.ts";
import { renewing, tokenOf } from "./token.ts";
import type { Login, Node, Settings } from "./url.ts";

/** For whom a connection is opened. */
export interface Opening {
  /** What it is for, such as "publish": operators read it beside the name of the connection. */
  readonly role: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly events: ConnectionEvents & {
    /** No new token was to be had for now; the connection lives as long as the last one counts. */
    readonly onTokenFailed: (error: WaybillError) => void;
  };
}

/**
 * Opens a connection to one of the servers, which are tried in turn from one at random, so that clients spread. Resolves once it
 * has let us in and will do. Rejects with `PERMISSION`, `CONFIG` or `UNSUPPORTED` (too old) as soon as one says so, with
 * `UNAVAILABLE` naming each when none can be reached.
 */
export async function openConnection(settings: Settings, opening: Opening): Promise<Connection> {
  const { nodes } = settings;
  const first = Math.floor(opening.random() * nodes.length);
  const failures: WaybillError[] = [];
  for (const node of [...nodes.slice(first), ...nodes.slice(0, first)]) {
    try {
      return await openOne(node, settings, opening);
    } catch (thrown) {
      const error = toError(thrown, node);
      if (error.code !== "UNAVAILABLE") throw error;
      failures.push(error);
    }
  }
  const [only, ...others] = failures;
  if (only !== undefined && others.length === 0) throw only;
  const each = failures.map(({ message }) => message).join("; ");
  throw new WaybillError("UNAVAILABLE", `rabbitmq: none of ${nodes.length} servers can be reached: ${each}`);
}

async function openOne(node: Node, settings: Settings, { role, clock, events }: Opening): Promise<Connection> {
  const { login, connectTimeoutMs } = settings;
  const first = login.kind === "token" ? await tokenOf(login, connectTimeoutMs) : undefined;
  const model = await dial(node, settings, answering(login, first?.token), role);
  const connection = new Connection(model, node, events, connectTimeoutMs);
  await connection.check();
  if (login.kind === "token" && first !== undefined) {
    const show = (token: string): Promise<void> => model.updateSecret(Buffer.from(token), "the last one runs out");
    const stop = renewing({ login, first, clock, show, timeoutMs: connectTimeoutMs, failed: events.onTokenFailed });
    model.once("close", stop);
  }
  return connection;
}

/** What amqplib says when the server asks who we are. */
interface Answer {
  readonly mechanism: string;
  response(): Buffer;
}

function answering(login: Login, token: string | undefined): Answer {
  if (login.kind === "external") return { mechanism: "EXTERNAL", response: () => Buffer.alloc(0) };
  const word = (): string => (login.kind === "plain" ? login.password.reveal() : (token ?? ""));
  return { mechanism: "PLAIN", response: () => Buffer.from(`\0${login.user}\0${word()}`) };
}

/** Lets amqplib connect, for a time. Who awaits it has to listen to the model at once. */
async function dial(node: Node, settings: Settings, credentials: Answer, role: string): Promise<ChannelModel> {
  const { vhost, heartbeatMs, connectionName, connectTimeoutMs } = settings;
  const { key, ...tls } = settings.tls ?? {};
  const giveUp = new AbortController();
  const timer = setTimeout(() => giveUp.abort(), connectTimeoutMs);
  const to = {
    protocol: settings.tls === undefined ? "amqp" : "amqps",
    hostname: node.host,
    port: node.port,
    vhost: encodeURIComponent(vhost),
    heartbeat: heartbeatMs / 1_000,
  };
  const socket: SocketOptions & { readonly signal: AbortSignal } = {
    ...(tls as SocketOptions),
    ...(key !== undefined && { key: key.reveal() }),
    noDelay: true,
    signal: giveUp.signal,
    credentials,
    clientProperties: { connection_name: `${connectionName} ${role} (${hostname()}, process ${process.pid})` },
  };
  try {
    return await connect(to, socket);
  } catch (thrown) {
    throw openingError(thrown, node, settings);
  } finally {
    clearTimeout(timer);
  }
}
