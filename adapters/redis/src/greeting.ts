import { TLSSocket } from "node:tls";
import { WaybillError } from "@waybill/core";
import { codeOf, isCertain, toError } from "./errors.ts";
import type { LinkSettings } from "./link.ts";
import type { Node } from "./url.ts";

type Send = (name: string, args: readonly string[]) => Promise<unknown>;

/**
 * Says who we are, and that in one go. ioredis would do so itself, but passes over some refusals with a warning, and keeps the
 * password in the errors of others.
 */
export async function greet(send: Send, { credentials: { user, password }, db }: LinkSettings): Promise<void> {
  const steps: Promise<unknown>[] = [];
  if (password !== undefined)
    steps.push(send("AUTH", user === undefined ? [password.reveal()] : [user, password.reveal()]));
  if (db !== 0) steps.push(send("SELECT", [String(db)]));
  steps.push(send("PING", []));
  // Only a name: a user may lack the permission.
  void send("CLIENT", ["SETNAME", "waybill"]).catch(() => undefined);
  for (const step of await Promise.allSettled(steps)) if (step.status === "rejected") throw step.reason;
}

/** Where nobody was reached, nobody was spoken to in the wrong way either. */
const unreached = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "EADDRNOTAVAIL"]);

/** What is known of TLS when a link could not be opened. */
interface Handshake {
  readonly tls: boolean;
  /** See `isUnknown`. */
  readonly unknown: boolean;
}

/**
 * Whether the server has asked for a certificate and got none. TLS 1.3 is done before the server judges that, and where it
 * hangs up, what we wrote meanwhile may fail before its alert is read; so the alert alone does not tell. Only a socket with
 * its handshake behind it knows, and only as long as it is open.
 */
export function isUnknown(stream: unknown, { tls }: LinkSettings): boolean {
  return tls?.cert === undefined && stream instanceof TLSSocket && (stream.getSharedSigalgs() ?? []).length > 0;
}

/** Why a link could not be opened. What goes wrong before the first answer may be a matter of TLS. */
export function openingError(thrown: unknown, node: Node, { tls, unknown }: Handshake): WaybillError {
  const error = toError(thrown, node);
  if (isCertain(thrown) || error.code !== "UNAVAILABLE" || unreached.has(codeOf(thrown))) return error;
  if (unknown)
    return new WaybillError("CONFIG", `${error.message}; it asked who we are and hung up: give \`cert\` and \`key\``);
  const hint = tls ? "a plain port is written redis://" : "a port that wants TLS is written rediss://";
  return new WaybillError("UNAVAILABLE", `${error.message}; no greeting came: ${hint}`);
}
