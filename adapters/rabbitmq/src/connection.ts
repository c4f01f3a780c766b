import type { Duplex } from "node:stream";
import { WaybillError } from "@waybill/core";
import type { ChannelModel } from "amqplib";
import { inBursts } from "./bursts.ts";
import { addressOf, replyCode, toError } from "./errors.ts";
import { factsOf, type ServerFacts } from "./server.ts";
import type { Node } from "./url.ts";

export interface ConnectionEvents {
  /** The connection is gone, after everything on it has rejected. Called once, and not after `close`. */
  onLost(error: WaybillError): void;
  /** The server takes no messages from us, for an alarm of its memory or disk, until `undefined` comes. */
  onBlocked(reason: string | undefined): void;
}

/** What amqplib's types do not tell. */
interface Inner {
  readonly stream: Duplex;
  readonly blocked: boolean;
}

const unsaid = "an alarm";

/** One connection to one server. It never reconnects, and ends within `closeMs` whatever the server does. */
export class Connection {
  readonly node: Node;
  /** Makes the channels, each for one role: an error of a channel ends all that is on it. */
  readonly model: ChannelModel;
  readonly #closeMs: number;
  readonly #closed: Promise<unknown>;
  #events: ConnectionEvents | undefined;
  #facts: ServerFacts | undefined;
  #blocked: string | undefined;
  #cause: WaybillError | undefined;

  /** Takes over what `connect` has resolved to, at once: an error that finds no listener would end the process. */
  constructor(model: ChannelModel, node: Node, events: ConnectionEvents, closeMs: number) {
    this.node = node;
    this.model = model;
    this.#events = events;
    this.#closeMs = closeMs;
    this.#blocked = this.#inner.blocked ? unsaid : undefined;
    let failure: unknown;
    model.on("error", (error) => (failure ??= error));
    model.on("blocked", (reason) => this.#block(reason === "" ? unsaid : reason));
    model.on("unblocked", () => this.#block(undefined));
    model.once("close", (cause) => this.#end(failure ?? cause));
    this.#closed = new Promise((resolve) => this.#inner.stream.once("close", resolve));
    inBursts(this.#inner.stream);
  }

  /** What the server has said of itself. */
  get facts(): ServerFacts {
    return (this.#facts ??= factsOf({ ...this.model.connection.serverProperties }, this.node));
  }

  /** Closes the connection to a server that will not do, and rejects with `UNSUPPORTED`. */
  async check(): Promise<void> {
    try {
      this.#facts = this.facts;
    } catch (thrown) {
      await this.close();
      throw thrown;
    }
  }

  /** Why the server takes no messages from us now; undefined where it does. */
  get blocked(): string | undefined {
    return this.#blocked;
  }

  /** Why it is lost or closed, so that nothing can be sent; undefined where it lives. */
  get over(): WaybillError | undefined {
    return this.#cause;
  }

  /** What has failed on it, in our words: where it failed because the connection was ended, why that was. */
  explain(thrown: unknown): WaybillError {
    return replyCode(thrown) === undefined && this.#cause !== undefined ? this.#cause : toError(thrown, this.node);
  }

  /** What is under way rejects. Resolves when the socket is closed, by force where the server does not answer. Safe to repeat. */
  async close(): Promise<void> {
    this.#events = undefined;
    const timer = setTimeout(() => this.abandon(silence(this.node)), this.#closeMs);
    // Of a connection that is lost already it rejects, and the socket is closed all the same.
    this.model.close().catch(() => undefined);
    await this.#closed;
    clearTimeout(timer);
  }

  /** Ends what is of no use any more: everything under way rejects, as where it is lost. */
  abandon(why: WaybillError): void {
    this.#inner.stream.destroy(why);
  }

  get #inner(): Inner {
    return this.model.connection as unknown as Inner;
  }

  #block(reason: string | undefined): void {
    this.#blocked = reason;
    this.#events?.onBlocked(reason);
  }

  /** What is left goes out, then the socket is closed: a peer that is not there any more never answers its end. */
  #end(cause: unknown): void {
    this.#cause = toError(cause ?? new Error("closed"), this.node);
    const { stream } = this.#inner;
    const force = setTimeout(() => stream.destroy(), this.#closeMs);
    stream.once("close", () => clearTimeout(force));
    if (stream.writableFinished) stream.destroy();
    else stream.once("finish", () => stream.destroy());
    this.#events?.onLost(this.#cause);
    this.#events = undefined;
  }
}

function silence(node: Node): WaybillError {
  return new WaybillError("UNAVAILABLE", `rabbitmq at ${addressOf(node)}: no answer to the end of the connection`);
}
