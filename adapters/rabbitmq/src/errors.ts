import { type ErrorCode, toWaybillError, untrustedCertificates, WaybillError } from "@waybill/core";
import type { Node, Settings } from "./url.ts";

interface Meaning {
  readonly code: ErrorCode;
  readonly advice: string;
}

/** The reply codes of AMQP 0-9-1. */
const replies: Readonly<Record<number, Meaning>> = {
  311: { code: "TOO_LARGE", advice: "the server takes no such large message" },
  312: { code: "NO_ROUTE", advice: "there is no such queue" },
  320: { code: "UNAVAILABLE", advice: "the server or an operator has closed the connection" },
  402: { code: "CONFIG", advice: "there is no such vhost; see rabbitmqctl list_vhosts" },
  403: { code: "PERMISSION", advice: "the user may not do this; allow it with rabbitmqctl set_permissions" },
  404: { code: "MISSING", advice: "it is not there" },
  405: { code: "UNAVAILABLE", advice: "it belongs to another connection" },
  406: { code: "TOPOLOGY_MISMATCH", advice: "what is there differs; remove it, or take another namespace or name" },
  503: { code: "UNSUPPORTED", advice: "the server does not know this" },
  506: { code: "FULL", advice: "the server is short of resources" },
  530: { code: "PERMISSION", advice: "the server does not allow this" },
  540: { code: "UNSUPPORTED", advice: "the server cannot do this" },
};

const timedOut: Meaning = {
  code: "UNAVAILABLE",
  advice: "a delivery was not settled in time; see the server's consumer_timeout, and say it as consumerTimeoutMs",
};
const down: Meaning = { code: "UNAVAILABLE", advice: "the node that holds it is down or just starts" };
const taken: Meaning = { code: "UNAVAILABLE", advice: "another consumer has the queue for itself" };
const noChannel: Meaning = {
  code: "FULL",
  advice: "the connection has no channel left; subscribe on another bus, or raise the server's channel_max",
};
const limit: Meaning = { code: "FULL", advice: "a limit of the server or vhost is reached" };
const mechanism: Meaning = {
  code: "CONFIG",
  advice: "the server lets nobody in this way; see its auth_mechanisms and the option auth",
};
const noVhost: Meaning = { code: "PERMISSION", advice: "the server does not let us into the vhost" };
const login: Meaning = {
  code: "PERMISSION",
  advice: "the server does not know this user with this password, or not from here; a guest comes from localhost alone",
};
const stranger: Meaning = { code: "CONFIG", advice: "what listens there does not speak AMQP 0-9-1" };
const header: Meaning = { code: "TOO_LARGE", advice: "a header or a name is too long" };

/** What is said in words alone, or means another thing than its reply code does at most times. Names in it have no spaces. */
const texts: readonly (readonly [RegExp, Meaning])[] = [
  [/^Handshake terminated by server: 403/, login],
  [/^SASL mechanism \S+ is not provided/, mechanism],
  [/^Expected ConnectionOpenOk; got <ConnectionClose/, noVhost],
  [/^(Expected \S+; got|Frame on channel != 0|Frame size|Invalid frame|Unknown class)/, stranger],
  [
    /message size .* (larger|too large)|larger than configured max size/i,
    { code: "TOO_LARGE", advice: "the body is over the server's max_message_size; say it as maxMessageBytes" },
  ],
  [/acknowledgement on channel \d+ timed out/, timedOut],
  [/is down or inaccessible|process is stopped by supervisor|vhost .* is down/, down],
  [/in exclusive use/, taken],
  [/^No channels left/, noChannel],
  [/limit .*is reached|reached the maximum|limit \(\d+\)/, limit],
  [/unknown delivery tag/, { code: "UNAVAILABLE", advice: "a delivery was settled that the channel does not hold" }],
  [
    /invalid (arg|property|durability)|invalid '|unknown exchange type|invalid exchange type/i,
    { code: "UNSUPPORTED", advice: "the server does not know what is asked for" },
  ],
  [/^(Field '\w+' is the wrong type; must be a string|Encoded field table)/, header],
];

const noCertificate: Meaning = { code: "CONFIG", advice: "it wants to know us; give `cert` and `key`" };
const noTls: Meaning = { code: "CONFIG", advice: "it does not speak TLS; write amqp:// for a plain port" };

/** What Node's sockets say. */
const codes: Readonly<Record<string, Meaning>> = {
  ECONNREFUSED: { code: "UNAVAILABLE", advice: "nothing listens there; is the server started, and its port right?" },
  ENOTFOUND: { code: "UNAVAILABLE", advice: "there is no such host" },
  EAI_AGAIN: { code: "UNAVAILABLE", advice: "the name of the host cannot be looked up now" },
  ETIMEDOUT: { code: "UNAVAILABLE", advice: "there is no answer; is a firewall between?" },
  ABORT_ERR: { code: "UNAVAILABLE", advice: "it has not let us in by connectTimeoutMs" },
  ERR_SSL_WRONG_VERSION_NUMBER: noTls,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: noTls,
  EPROTO: noTls,
  ...untrustedCertificates,
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: noCertificate,
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: noCertificate,
};

const lost: Meaning = { code: "UNAVAILABLE", advice: "the connection is lost" };

/**
 * What the client, the server or the socket said, in our words: the server's own stand in brackets. A queue that differs names
 * both values there. No credential is in it, for neither amqplib nor the server repeats one (LIF-6).
 */
export function toError(thrown: unknown, at?: Node): WaybillError {
  if (thrown instanceof WaybillError) return thrown;
  const said = saidBy(thrown);
  const { code, advice } = meaningOf(thrown, said);
  const where = at === undefined ? "rabbitmq" : `rabbitmq at ${addressOf(at)}`;
  return new WaybillError(code, said === "" ? `${where}: ${advice}` : `${where}: ${advice} (${said})`);
}

/** Where nobody was reached, nobody was spoken to in the wrong way either. */
const unreached = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "EADDRNOTAVAIL"]);

/** Why a connection could not be opened. What goes wrong before a greeting has come may be a matter of TLS. */
export function openingError(thrown: unknown, node: Node, { tls, vhost, login }: Settings): WaybillError {
  const error = toError(thrown, node);
  if (meaningOf(thrown, saidBy(thrown)) === noVhost) {
    const user = login.kind === "external" ? "the certificate's user" : `user "${login.user}"`;
    const causes = `there is none (rabbitmqctl add_vhost), ${user} may not (set_permissions), or it is full or down`;
    return new WaybillError(noVhost.code, `rabbitmq at ${addressOf(node)}: no way into vhost "${vhost}": ${causes}`);
  }
  if (error.code !== "UNAVAILABLE" || replyCode(thrown) !== undefined || unreached.has(codeOf(thrown))) return error;
  const plain = "a port that wants TLS is written amqps://";
  const known = tls?.cert === undefined ? ", and one that wants to know us is given `cert` and `key`" : "";
  const hint = tls === undefined ? plain : `a plain port is written amqp://${known}`;
  return new WaybillError("UNAVAILABLE", `${error.message}; no greeting came: ${hint}`);
}

/** The reply code with which the server has closed a channel or a connection; undefined where it has said none. */
export function replyCode(thrown: unknown): number | undefined {
  return thrown instanceof Error && "code" in thrown && typeof thrown.code === "number" ? thrown.code : undefined;
}

export function addressOf({ host, port }: Node): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The code of a system error, or "". */
function codeOf(thrown: unknown): string {
  return thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
}

function meaningOf(thrown: unknown, said: string): Meaning {
  const inWords = texts.find(([text]) => text.test(said))?.[1];
  if (inWords !== undefined) return inWords;
  const reply = replyCode(thrown);
  return (reply === undefined ? codes[codeOf(thrown)] : replies[reply]) ?? lost;
}

/** Without what amqplib puts around the server's words. */
function saidBy(thrown: unknown): string {
  const { message } = toWaybillError(thrown, "UNAVAILABLE");
  return (
    /^(?:Operation failed|Channel closed by server|Connection closed):.* with message "(.*)"$/s.exec(message)?.[1] ??
    message
  ).trim();
}
