import { type ErrorCode, toWaybillError, untrustedCertificates, WaybillError } from "@waybill/core";
import type { Node } from "./url.ts";

interface Meaning {
  readonly code: ErrorCode;
  readonly advice: string;
}

/** Redis's own words at the head of an error reply. */
const replies: Readonly<Record<string, Meaning>> = {
  NOAUTH: { code: "PERMISSION", advice: "the server wants a password; write redis://:password@host" },
  WRONGPASS: { code: "PERMISSION", advice: "the server does not know this user with this password" },
  NOPERM: { code: "PERMISSION", advice: "the user may not do this; allow it with ACL SETUSER" },
  DENIED: { code: "PERMISSION", advice: "the server lets in nobody from here; see its protected-mode and bind" },
  OOM: { code: "FULL", advice: "the server's memory is full; raise maxmemory or let consumers catch up" },
  MISCONF: { code: "UNAVAILABLE", advice: "the server cannot write to its disk and takes no writes" },
  READONLY: { code: "UNAVAILABLE", advice: "the server is a replica; connect to its master" },
  LOADING: { code: "UNAVAILABLE", advice: "the server is still loading its data" },
  MASTERDOWN: { code: "UNAVAILABLE", advice: "the replica has lost its master" },
  CLUSTERDOWN: { code: "UNAVAILABLE", advice: "a part of the cluster has no master; see CLUSTER INFO" },
  TRYAGAIN: { code: "UNAVAILABLE", advice: "the keys are on their way to another node" },
  MOVED: { code: "UNAVAILABLE", advice: "the key lives on another node; if this is a cluster, say cluster: true" },
  ASK: { code: "UNAVAILABLE", advice: "the key is on its way to another node" },
  NOREPLICAS: { code: "UNAVAILABLE", advice: "fewer replicas are connected than min-replicas-to-write asks for" },
  BUSY: { code: "UNAVAILABLE", advice: "a script keeps the server busy; see SCRIPT KILL" },
  UNBLOCKED: { code: "UNAVAILABLE", advice: "the server has ended the wait" },
  NOSCRIPT: { code: "UNAVAILABLE", advice: "the server has lost the script" },
  WRONGTYPE: { code: "CORRUPT", advice: "a key of another type is under one of our names; remove or rename it" },
  NOGROUP: { code: "MISSING", advice: "the stream or its group is gone" },
};

/** What follows a bare ERR, by a part of its text. */
const plainReplies: readonly (readonly [RegExp, Meaning])[] = [
  [
    /without any password configured/,
    { code: "PERMISSION", advice: "the server has no password; leave it out of the URL or set one there" },
  ],
  [
    /DB index is out of range/,
    { code: "CONFIG", advice: "the server has no database of this number; see its databases" },
  ],
  [/SELECT is not allowed in cluster/, { code: "CONFIG", advice: "a cluster has database 0 alone" }],
  [
    /max number of clients/,
    { code: "UNAVAILABLE", advice: "the server has too many connections; raise its maxclients" },
  ],
  [/unknown command|Unknown Redis command/i, { code: "UNSUPPORTED", advice: "the server does not know this command" }],
];

const noCertificate: Meaning = { code: "CONFIG", advice: "it wants to know us; give `cert` and `key`" };
const noTls: Meaning = { code: "CONFIG", advice: "it does not speak TLS; write redis:// for a plain port" };

/** What Node's sockets say. */
const codes: Readonly<Record<string, Meaning>> = {
  ECONNREFUSED: { code: "UNAVAILABLE", advice: "nothing listens there; is the server started, and its port right?" },
  ENOTFOUND: { code: "UNAVAILABLE", advice: "there is no such host" },
  EAI_AGAIN: { code: "UNAVAILABLE", advice: "the name of the host cannot be looked up now" },
  ETIMEDOUT: { code: "UNAVAILABLE", advice: "there is no answer; is a firewall between?" },
  ERR_SSL_WRONG_VERSION_NUMBER: noTls,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: noTls,
  EPROTO: noTls,
  ...untrustedCertificates,
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: noCertificate,
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: noCertificate,
};

const lost: Meaning = { code: "UNAVAILABLE", advice: "the connection is lost" };

/** What the client or the server said, in our words. It holds no argument of a command, so no credential either (LIF-6). */
export function toError(thrown: unknown, at?: Node): WaybillError {
  if (thrown instanceof WaybillError) return thrown;
  const said = saidBy(thrown);
  const { code, advice } = meaningOf(thrown, said);
  const where = at === undefined ? "redis" : `redis at ${addressOf(at)}`;
  return new WaybillError(code, said === "" ? `${where}: ${advice}` : `${where}: ${advice} (${said})`);
}

/**
 * Whether nothing was done for certain: the server has refused it, or it was never sent. Otherwise the link was lost before
 * the answer came, and it may have been done. (A script that fails half-way has done its first half.)
 */
export function isCertain(thrown: unknown): boolean {
  return thrown instanceof WaybillError || isReply(thrown);
}

/** The word Redis puts before an error reply, also where a script of Redis 6 wraps it; undefined of what is none. */
export function replyCode(thrown: unknown): string | undefined {
  if (!isReply(thrown)) return undefined;
  const [first = ""] = thrown.message.split(" ", 1);
  if (first !== "ERR") return first;
  return /@user_script: ?\d+: ([A-Z]+) /.exec(thrown.message)?.[1] ?? first;
}

export function addressOf({ host, port }: Node): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function meaningOf(thrown: unknown, said: string): Meaning {
  const reply = replyCode(thrown);
  if (reply === undefined) return codes[codeOf(thrown)] ?? lost;
  const plain = plainReplies.find(([text]) => text.test(said))?.[1];
  return replies[reply] ?? plain ?? { code: "UNAVAILABLE", advice: "the server has refused the command" };
}

function isReply(thrown: unknown): thrown is Error {
  return thrown instanceof Error && thrown.name === "ReplyError";
}

/** The code of a system error, or "". */
export function codeOf(thrown: unknown): string {
  return thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
}

/** A server that does not know a command repeats its arguments, of AUTH too. */
function saidBy(thrown: unknown): string {
  return toWaybillError(thrown, "UNAVAILABLE")
    .message.replace(/,? with args beginning with.*/s, "")
    .trim();
}
