import { AsyncLocalStorage } from "node:async_hooks";
import type { Envelope } from "../envelope.ts";
import type { Middleware } from "../middleware.ts";

/** Shared, so that what a handler of one bus publishes through another is known as its doing too. */
const handled = new AsyncLocalStorage<Envelope>();

/**
 * What a handler publishes through a bus, and not through its message, carries the message's correlation id, its id as the
 * causation id, and its trace headers, however deep in the handler's calls. Both buses use it: the one that handles and the
 * one that publishes. An id or header given with the publish stands.
 */
export function correlation(): Middleware {
  return {
    name: "correlation",
    handle: (next) => (message) => handled.run(message, next, message),
    publish: (next) => (outgoing) => {
      outgoing.cause ??= handled.getStore();
      return next(outgoing);
    },
  };
}
