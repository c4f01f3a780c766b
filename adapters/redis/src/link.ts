import { WaybillError } from "@waybill/core";
import { Redis } from "ioredis";
import type { Client } from "./client.ts";
import { addressOf, replyCode, toError } from "./errors.ts";
import { digestOf, type Script } from "./script.ts";
import { refusalBy } from "./key-types.ts";
import { greet, isUnknown, openingError } from "./greeting.ts";
import { type Argument, Packet } from "./packet.ts";
import type { Node, Settings } from "./url.ts";
import { Watchdog } from "./watchdog.ts";

export interface LinkEvents {
  /** The link is gone, after everything that was under way has rejected or is about to. Called once, and not after `close`. */
  onLost(error: WaybillError): void;
}

export type LinkSettings = Pick<Settings, "credentials" | "db" | "tls" | "connectTimeoutMs" | "commandTimeoutMs">;

/**
 * One connection to one server. It never reconnects and never sends anything twice: when it is lost, or unanswered for
 * `commandTimeoutMs`, whatever is under way rejects. Bulk strings come as Buffers.
 */
export class Link implements Client {
  readonly node: Node;
  readonly #redis: Redis;
  readonly #watchdog: Watchdog;
  readonly #loaded = new Set<Script>();
  readonly #answered: () => void;
  readonly #failed: (thrown: unknown) => void;
  #events: LinkEvents | undefined;
  #over: WaybillError | undefined;

  private constructor(node: Node, settings: LinkSettings) {
    this.node = node;
    this.#redis = new Redis({ ...optionsOf(settings), ...node });
    this.#watchdog = new Watchdog(settings.commandTimeoutMs, () =>
      this.#drop(this.#silence(settings.commandTimeoutMs)),
    );
    this.#answered = () => this.#watchdog.answered();
    this.#failed = (thrown) => {
      this.#watchdog.answered();
      if (isDemotion(thrown)) this.#drop(toError(thrown, this.node));
    };
  }

  /**
   * Resolves once the server has let us in. Rejects with `PERMISSION`, `CONFIG` (no such database, TLS where there is none)
   * or `UNAVAILABLE`.
   */
  static async open(node: Node, settings: LinkSettings, events: LinkEvents): Promise<Link> {
    const link = new Link(node, settings);
    await link.#open(settings);
    if (link.#over !== undefined) throw link.#over;
    link.#events = events;
    return link;
  }

  command(name: string, args: readonly Argument[]): Promise<unknown> {
    return this.send(new Packet(name, args)).catch((thrown: unknown) => this.#explain(thrown, args));
  }

  send(packet: Packet): Promise<unknown> {
    // The socket may know of its end before its event has come.
    if (!this.#redis.stream.writable) this.#lose(undefined);
    if (this.#over !== undefined) return Promise.reject(this.#over);
    const reply = this.#redis.sendCommand(packet) as Promise<unknown>;
    this.#watchdog.asked();
    reply.then(this.#answered, this.#failed);
    return reply;
  }

  /** Runs a script by its digest, and by its text where this link has not sent it yet or the server has forgotten it. */
  run(script: Script, keys: readonly string[], args: readonly Argument[]): Promise<unknown> {
    if (!this.#loaded.has(script)) {
      this.#loaded.add(script);
      return this.#evaluate(script, keys, args);
    }
    return this.send(scriptPacket("EVALSHA", digestOf(script), keys, args)).catch((thrown: unknown) =>
      replyCode(thrown) === "NOSCRIPT" ? this.#evaluate(script, keys, args) : this.#explain(thrown, keys),
    );
  }

  #evaluate(script: Script, keys: readonly string[], args: readonly Argument[]): Promise<unknown> {
    const text = scriptPacket("EVAL", script.lua, keys, args);
    return this.send(text).catch((thrown: unknown) => this.#explain(thrown, keys));
  }

  async #explain(thrown: unknown, keys: readonly Argument[]): Promise<never> {
    throw await refusalBy(this, thrown, keys);
  }

  /** What is under way rejects. Resolves when the socket is closed. */
  async close(): Promise<void> {
    this.#events = undefined;
    this.#over ??= new WaybillError("CLOSED", `redis at ${addressOf(this.node)}: the connection was closed`);
    this.#watchdog.stop();
    if (this.#redis.status === "end") return;
    const ended = new Promise((resolve) => this.#redis.once("end", resolve));
    this.#redis.disconnect();
    await ended;
  }

  async #open(settings: LinkSettings): Promise<void> {
    let failure: unknown;
    let unknown = false;
    this.#redis.on("error", (error) => (failure ??= error));
    this.#redis.once("connect", () => (unknown = isUnknown(this.#redis.stream, settings)));
    const timer = setTimeout(() => this.#redis.stream?.destroy(), settings.connectTimeoutMs * 2);
    try {
      await this.#redis.connect();
      this.#redis.once("close", () => this.#lose(failure));
      await greet((name, args) => this.command(name, args), settings);
    } catch (thrown) {
      const error = openingError(failure ?? thrown, this.node, { tls: settings.tls !== undefined, unknown });
      await this.close();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  #silence(ms: number): WaybillError {
    return new WaybillError(
      "UNAVAILABLE",
      `redis at ${addressOf(this.node)}: no answer for ${ms} ms; the link is dead`,
    );
  }

  /** Ends a link that is of no use: everything under way rejects, as where the server ends it. */
  #drop(why: WaybillError): void {
    this.#over ??= why;
    this.#redis.stream.destroy();
  }

  #lose(cause: unknown): void {
    this.#watchdog.stop();
    this.#over ??= toError(cause ?? new Error("closed by the server"), this.node);
    this.#events?.onLost(this.#over);
    this.#events = undefined;
  }
}

export function scriptPacket(
  name: "EVAL" | "EVALSHA",
  what: string,
  keys: readonly string[],
  args: readonly Argument[],
): Packet {
  return new Packet(name, [what, keys.length, ...keys, ...args]);
}

/** A master that became a replica keeps its connections; what we need is somewhere else now. */
function isDemotion(thrown: unknown): boolean {
  const code = replyCode(thrown);
  return code === "READONLY" || code === "UNBLOCKED";
}

function optionsOf({ tls, connectTimeoutMs }: LinkSettings): object {
  const { key, ...others } = tls ?? {};
  return {
    ...(tls === undefined ? {} : { tls: key === undefined ? others : { ...others, key: key.reveal() } }),
    connectTimeout: connectTimeoutMs,
    disconnectTimeout: 500,
    lazyConnect: true,
    protocol: 2,
    keepAlive: 10_000,
    noDelay: true,
    retryStrategy: null,
    enableOfflineQueue: false,
    enableReadyCheck: false,
    autoResendUnfulfilledCommands: false,
    disableClientInfo: true,
  };
}
