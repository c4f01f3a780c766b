import { inspect } from "node:util";
import type { Bus, Definition, Handling, Middleware, Outgoing, Sent } from "@waybill/core";
import { Postpone } from "@waybill/core";
import { Log, type WaitOptions } from "./log.ts";

/** One attempt to handle a message, after its end. */
export interface Handled<T = unknown> {
  /** The name of the topic or queue. */
  readonly type: string;
  readonly group: string;
  readonly id: string;
  readonly key: string | undefined;
  readonly data: T;
  readonly attempt: number;
  /** `interrupted`: its lease was lost, or the bus was closed. `postponed`: it comes again, which counts as no failure. */
  readonly outcome: "handled" | "failed" | "postponed" | "interrupted";
  /** Why it was not handled. */
  readonly error: unknown;
}

/** One publish or send after its end; what a handler sends counts once the handler has succeeded, with which it leaves. */
export interface Published<T = unknown> {
  readonly type: string;
  readonly data: T;
  readonly headers: Readonly<Record<string, string>>;
  /** The message in whose handling it was sent. */
  readonly causationId: string | undefined;
  readonly outcome: "stored" | "failed";
  readonly error: unknown;
}

/** What a bus has done, and what a test waits for. */
export interface Spy {
  /** Every attempt that has ended, in the order they ended. */
  readonly allHandled: readonly Handled[];
  readonly allPublished: readonly Published[];
  /**
   * The first attempt at a message of this definition that fits, be it over or to come; by default the first that succeeded. Rejects
   * with an `AssertionError` that tells what was seen instead.
   */
  handled<In, Out>(
    definition: Definition<In, Out>,
    fits?: (handled: Handled<Out>) => boolean,
    options?: WaitOptions,
  ): Promise<Handled<Out>>;
  /** The same for what was published or sent; by default the first that was stored. */
  published<In, Out>(
    definition: Definition<In, Out>,
    fits?: (published: Published<In>) => boolean,
    options?: WaitOptions,
  ): Promise<Published<In>>;
}

/** Watches what a bus publishes and handles. Comes before the bus is used, and before other middlewares, to see what they make of it. */
export function spy(bus: Bus): Spy {
  const watcher = new Watcher();
  bus.use(watcher.middleware);
  return watcher;
}

class Watcher implements Spy {
  readonly #handled = new Log<Handled>();
  readonly #published = new Log<Published>();
  #running = 0;

  readonly middleware: Middleware = {
    name: "spy",
    handle: (next) => async (message) => {
      const ended = this.#begin(message);
      try {
        const result = await next(message);
        const effects = (await message.effects()) ?? [];
        ended("handled");
        for (const sent of effects) this.#published.add(publishedOf(sent, message.id));
        return result;
      } catch (error) {
        ended(error instanceof Postpone ? "postponed" : "failed", error);
        throw error;
      }
    },
    publish: (next) => async (outgoing) => {
      try {
        await next(outgoing);
        this.#published.add(endOf(outgoing, "stored", undefined));
      } catch (error) {
        this.#published.add(endOf(outgoing, "failed", error));
        throw error;
      }
    },
  };

  get allHandled(): readonly Handled[] {
    return this.#handled.entries;
  }

  get allPublished(): readonly Published[] {
    return this.#published.entries;
  }

  handled<In, Out>(
    { name }: Definition<In, Out>,
    fits: (handled: Handled<Out>) => boolean = ({ outcome }) => outcome === "handled",
    options: WaitOptions = {},
  ): Promise<Handled<Out>> {
    const wish = {
      fits: (one: Handled): boolean => one.type === name && fits(one as Handled<Out>),
      failure: (ms: number): string =>
        `no handling of "${name}" was as wished within ${ms} ms; ${seen(this.allHandled.map(textOfHandled))}, ${this.#running} running`,
    };
    return this.#handled.first(wish, options) as Promise<Handled<Out>>;
  }

  published<In, Out>(
    { name }: Definition<In, Out>,
    fits: (published: Published<In>) => boolean = ({ outcome }) => outcome === "stored",
    options: WaitOptions = {},
  ): Promise<Published<In>> {
    const wish = {
      fits: (one: Published): boolean => one.type === name && fits(one as Published<In>),
      failure: (ms: number): string =>
        `nothing published to "${name}" was as wished within ${ms} ms; ${seen(this.allPublished.map(textOfPublished))}`,
    };
    return this.#published.first(wish, options) as Promise<Published<In>>;
  }

  /** What is called at the end of a handling; the first call counts. */
  #begin(message: Handling): (outcome: Handled["outcome"], error?: unknown) => void {
    const { type, group, id, key, data, attempt } = message;
    let isOver = false;
    this.#running += 1;
    const ended = (outcome: Handled["outcome"], error?: unknown): void => {
      if (isOver) return;
      isOver = true;
      this.#running -= 1;
      this.#handled.add({ type, group, id, key, data, attempt, outcome, error });
    };
    message.onAbort((reason) => ended(reason.code === "TIMEOUT" ? "failed" : "interrupted", reason));
    return ended;
  }
}

function endOf({ type, data, headers, cause }: Outgoing, outcome: Published["outcome"], error: unknown): Published {
  return { type, data, headers, causationId: cause?.id, outcome, error };
}

function publishedOf([, { source, headers, body }]: Sent, causationId: string): Published {
  return { type: source, data: dataOf(headers, body), headers, causationId, outcome: "stored", error: undefined };
}

/** The data of a message as it travels; its bytes where that is not JSON. */
function dataOf(headers: Published["headers"], body: Uint8Array): unknown {
  if (headers["content-type"] !== "application/cloudevents+json") return body;
  return (JSON.parse(Buffer.from(body).toString("utf8")) as { readonly data: unknown }).data;
}

function seen(texts: readonly string[]): string {
  if (texts.length === 0) return "nothing was seen";
  const more = texts.length > shown ? ` and ${texts.length - shown} before` : "";
  return `seen: ${texts.slice(-shown).join("; ")}${more}`;
}

/** So many are named in an error, the latest. */
const shown = 10;

function textOfHandled({ type, data, attempt, outcome, error }: Handled): string {
  return `${type} ${short(data)} ${outcome}, attempt ${attempt}${why(error)}`;
}

function textOfPublished({ type, data, outcome, error }: Published): string {
  return `${type} ${short(data)} ${outcome}${why(error)}`;
}

function why(error: unknown): string {
  if (error === undefined) return "";
  return error instanceof Error ? ` (${error.name}: ${error.message})` : ` (${short(error)})`;
}

function short(data: unknown): string {
  const text = inspect(data, { breakLength: Infinity, depth: 3 });
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
