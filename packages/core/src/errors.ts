import { isA } from "./is-a.ts";

/**
 * What went wrong, as a word a program can branch on.
 *
 * | code | meaning |
 * |---|---|
 * | `ABORTED` | the caller's signal fired: before anything was sent, or while a reply was awaited |
 * | `BUSY` | more is waiting to be sent than the bus may hold in memory; try again later (PUB-9) |
 * | `CLOSED` | the bus, consumer or transport was closed (PUB-6) |
 * | `CONFIG` | a URL or an option of an adapter cannot be used |
 * | `CORRUPT` | what the carrier holds is not what Waybill wrote there: no database, another schema version |
 * | `DROPPED` | a message delivered at most once was not handled to a good end, and is kept nowhere (ACK-6) |
 * | `EXPIRED` | a message's time was over before it was handled, and it is kept nowhere (TTL-1) |
 * | `FULL` | the carrier has no room left (disk, page limit, quota) |
 * | `INVALID_DATA` | data that does not match the schema of its topic; the message names the path (PUB-10) |
 * | `LEASE_LOST` | the message belongs to another member now (ACK-4) |
 * | `MALFORMED` | received bytes that cannot be decoded (DLQ-3) |
 * | `MISSING` | a topic, queue or group that is not there (LIF-5) |
 * | `NO_ROUTE` | the broker knows no such queue, and nothing was stored |
 * | `OUTCOME_UNKNOWN` | the message may or may not have been stored (PUB-2) |
 * | `PERMISSION` | the carrier does not let us in |
 * | `REMOTE` | a request was answered with an error; `RemoteError` says which (RPC-1) |
 * | `STALLED` | messages are ready and a consumer that looks alive gets none (LIF-3) |
 * | `TIMEOUT` | a deadline passed; for a publish: and nothing was stored; for a request: it may be handled all the same |
 * | `TOO_LARGE` | body or headers over the carrier's limit (PUB-5) |
 * | `TOPOLOGY_MISMATCH` | what exists differs from its definition (LAY-1) |
 * | `UNAVAILABLE` | the carrier cannot be reached now, and nothing was stored |
 * | `UNKNOWN_SCHEME` | no adapter for this URL |
 * | `UNSUPPORTED` | this carrier cannot do what was asked (its manifest says so) |
 */
export type ErrorCode =
  | "ABORTED"
  | "BUSY"
  | "CLOSED"
  | "CONFIG"
  | "CORRUPT"
  | "DROPPED"
  | "EXPIRED"
  | "FULL"
  | "INVALID_DATA"
  | "LEASE_LOST"
  | "MALFORMED"
  | "MISSING"
  | "NO_ROUTE"
  | "OUTCOME_UNKNOWN"
  | "PERMISSION"
  | "REMOTE"
  | "STALLED"
  | "TIMEOUT"
  | "TOO_LARGE"
  | "TOPOLOGY_MISMATCH"
  | "UNAVAILABLE"
  | "UNKNOWN_SCHEME"
  | "UNSUPPORTED";

const passing: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["BUSY", "UNAVAILABLE"]);

/**
 * The one class of every failure that is not a programming mistake (those are `TypeError`). The message is lower-case, names
 * the offending value and says what to do; it never holds a credential (LIF-6).
 */
export class WaybillError extends Error {
  override readonly name: string = "WaybillError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }

  /** Whether the same call may succeed a little later, nothing having been stored. */
  get transient(): boolean {
    return passing.has(this.code);
  }

  /** So that `JSON.stringify(bus.health())` says why; an error's message is left out otherwise. */
  toJSON(): { readonly name: string; readonly code: ErrorCode; readonly message: string } {
    const { name, code, message } = this;
    return { name, code, message };
  }
}

/** Whatever was thrown, as a `WaybillError`: itself when it is one, else wrapped under `code` with the original as cause. */
export function toWaybillError(thrown: unknown, code: ErrorCode): WaybillError {
  if (isA(thrown, WaybillError)) return thrown;
  return new WaybillError(code, isA(thrown, Error) ? thrown.message : textOf(thrown), { cause: thrown });
}

function textOf(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return "what was thrown cannot be described";
  }
}
