import type { Envelope } from "./envelope.ts";
import type { Handling } from "./handling.ts";
import type { Headers } from "./seam.ts";

/** One handling of one message: resolves to what its handler returned. Rejecting fails the attempt. */
export type Handle = (message: Handling) => Promise<unknown>;

/** A message on its way out, before it is checked and written. */
export interface Outgoing {
  /** The name of the topic or queue. */
  readonly type: string;
  readonly data: unknown;
  /** May be replaced on the way. */
  headers: Headers;
  /** The message in whose handling it is published; may be set: its correlation and its trace are handed on. */
  cause: Envelope | undefined;
}

/** One publish. Rejecting stops it. */
export type Publish = (outgoing: Outgoing) => Promise<void>;

/**
 * Wraps every handling or publish of a bus. Each function is called once, when a consumer or producer is made, with what comes
 * after it; what it returns runs for each message. The first one used is the outermost.
 */
export interface Middleware {
  readonly name: string;
  readonly handle?: ((next: Handle) => Handle) | undefined;
  readonly publish?: ((next: Publish) => Publish) | undefined;
}

/** The handler inside all middlewares. */
export function wrapHandle(middlewares: readonly Middleware[], innermost: Handle): Handle {
  return middlewares.reduceRight((next, { handle }) => handle?.(next) ?? next, innermost);
}

/** The publish inside all middlewares. */
export function wrapPublish(middlewares: readonly Middleware[], innermost: Publish): Publish {
  return middlewares.reduceRight((next, { publish }) => publish?.(next) ?? next, innermost);
}
