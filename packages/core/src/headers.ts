import { WaybillError } from "./errors.ts";
import type { Headers } from "./seam.ts";

/** Names that are ours or CloudEvents' own; users cannot set them, and handlers do not see them. */
export function isReserved(name: string): boolean {
  return name === "content-type" || name.startsWith("ce_") || name.startsWith("waybill-");
}

export const noHeaders: Headers = Object.freeze({});

/** The user's headers as given. @throws WaybillError `INVALID_DATA` for a reserved name or a value that is no string */
export function checkHeaders(headers: Headers): Headers {
  for (const [name, value] of Object.entries(headers)) {
    if (isReserved(name)) {
      throw new WaybillError(
        "INVALID_DATA",
        `header ${JSON.stringify(name)} is reserved: "content-type" and what starts with "ce_" or "waybill-"; choose another name`,
      );
    }
    if (typeof value !== "string" || !value.isWellFormed() || !name.isWellFormed()) {
      throw new WaybillError("INVALID_DATA", `header ${JSON.stringify(name)} is no well-formed string; give a string`);
    }
  }
  return headers;
}

/** The headers a handler sees: all but the reserved ones. */
export function userHeaders(headers: Headers): Headers {
  const mine = Object.entries(headers).filter(([name]) => !isReserved(name));
  return mine.length === 0 ? noHeaders : Object.fromEntries(mine);
}

/**
 * The headers with those by which W3C Trace Context and Baggage follow a trace, taken from `cause` where they have none of
 * their own; a `tracestate` only with its `traceparent`.
 */
export function withTrace(headers: Headers, cause: Headers): Headers {
  const { traceparent, tracestate, baggage } = cause;
  if (traceparent === undefined && baggage === undefined) return headers;
  const traced: Record<string, string> = {};
  if (traceparent !== undefined && headers["traceparent"] === undefined) {
    traced["traceparent"] = traceparent;
    if (tracestate !== undefined) traced["tracestate"] = tracestate;
  }
  if (baggage !== undefined) traced["baggage"] = baggage;
  return { ...traced, ...headers };
}

/** The bytes of all names and values, as `maxHeaderBytes` counts them; exact where it could matter, above `enough`. */
export function headerBytes(headers: Headers, enough = 0): number {
  let most = 0;
  for (const name in headers) most += 3 * (name.length + (headers[name] ?? "").length);
  if (most <= enough) return most;
  let sum = 0;
  for (const name in headers) sum += Buffer.byteLength(name) + Buffer.byteLength(headers[name] ?? "");
  return sum;
}
