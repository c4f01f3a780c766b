import { type ErrorCode, WaybillError } from "@waybill/core";

interface Meaning {
  readonly code: ErrorCode;
  readonly advice: string;
  /** The service asks for less. */
  readonly throttled?: true;
}

const denied: Meaning = { code: "PERMISSION", advice: "allow it in the policy of this identity, or of the queue" };
const unknownKeys: Meaning = { code: "PERMISSION", advice: "the service does not know these credentials" };
const expired: Meaning = { code: "PERMISSION", advice: "the credentials have expired; renew them" };
const throttled: Meaning = { code: "UNAVAILABLE", advice: "the service asks for fewer requests", throttled: true };
const noQueue: Meaning = { code: "MISSING", advice: "the queue is not there" };
const skewed: Meaning = { code: "UNAVAILABLE", advice: "this machine's clock is wrong; set it by NTP" };

/** The names of errors, without the prefix of the older protocol. */
const meanings: Readonly<Record<string, Meaning>> = {
  AccessDenied: denied,
  AccessDeniedException: denied,
  AuthorizationError: denied,
  AuthorizationErrorException: denied,
  KmsAccessDenied: { code: "PERMISSION", advice: "allow kms:GenerateDataKey and kms:Decrypt on the key" },
  InvalidClientTokenId: unknownKeys,
  UnrecognizedClientException: unknownKeys,
  InvalidAccessKeyId: unknownKeys,
  InvalidSecurity: unknownKeys,
  SignatureDoesNotMatch: { code: "PERMISSION", advice: "the secret key does not fit the access key" },
  MissingAuthenticationToken: unknownKeys,
  ExpiredToken: expired,
  ExpiredTokenException: expired,
  RequestExpired: skewed,
  RequestTimeTooSkewed: skewed,
  CredentialsProviderError: {
    code: "PERMISSION",
    advice: "there are no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile or a role",
  },
  TokenProviderError: expired,
  Throttling: throttled,
  ThrottlingException: throttled,
  Throttled: throttled,
  ThrottledException: throttled,
  RequestThrottled: throttled,
  RequestThrottledException: throttled,
  RequestLimitExceeded: throttled,
  TooManyRequestsException: throttled,
  KmsThrottled: throttled,
  OverLimit: throttled,
  ServiceUnavailable: throttled,
  SlowDown: throttled,
  QueueDoesNotExist: noQueue,
  NonExistentQueue: noQueue,
  NotFound: { code: "MISSING", advice: "the topic is not there" },
  NotFoundException: { code: "MISSING", advice: "the topic is not there" },
  QueueDeletedRecently: {
    code: "UNAVAILABLE",
    advice: "a queue of this name was deleted less than 60 seconds ago; it can be made again after that",
  },
  QueueNameExists: { code: "TOPOLOGY_MISMATCH", advice: "a queue of this name has other attributes" },
  BatchRequestTooLong: { code: "TOO_LARGE", advice: "the batch is over 1 MiB" },
  UnsupportedOperation: { code: "UNSUPPORTED", advice: "the service cannot do this" },
  InvalidAction: { code: "UNSUPPORTED", advice: "the service does not know this" },
};

const claimCheck = "the message is over 1 MiB; put what is large into a store such as S3 and send where it is";
const codes: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there; is the endpoint right?",
  ENOTFOUND: "there is no such host; is the region right?",
  EAI_AGAIN: "the name of the host cannot be looked up now",
};

/** What the SDK or the service said, in our words, with the action it was about (`sqs:SendMessage`). It holds no credential (LIF-6). */
export function toError(thrown: unknown, action: string): WaybillError {
  if (thrown instanceof WaybillError) return thrown;
  const { code, advice } = meaningOf(thrown);
  return new WaybillError(code, `sqs: ${action}: ${advice}${saidBy(thrown)}`);
}

/** An entry that a batch's answer calls failed. Where the sender is at fault it is refused for good. */
export function entryError(
  entry: {
    readonly Code?: string | undefined;
    readonly Message?: string | undefined;
    readonly SenderFault?: boolean | undefined;
  },
  action: string,
): WaybillError {
  const said = `${entry.Code ?? "unknown"}: ${entry.Message ?? "no reason given"}`;
  const meaning = meanings[plain(entry.Code ?? "")];
  if (meaning !== undefined) return new WaybillError(meaning.code, `sqs: ${action}: ${meaning.advice} (${said})`);
  if (entry.SenderFault !== true) return new WaybillError("UNAVAILABLE", `sqs: ${action}: one entry failed (${said})`);
  if (/too long|size|1048576|bytes/i.test(said))
    return new WaybillError("TOO_LARGE", `sqs: ${action}: ${claimCheck} (${said})`);
  return new WaybillError("CONFIG", `sqs: ${action}: the service refuses the message (${said})`);
}

/** Whether the service asks all of us for fewer requests. */
export function isThrottling(thrown: unknown): boolean {
  return meaningOf(thrown).throttled === true;
}

/** Whether it was refused for this machine's clock, which the SDK has corrected for by now. */
export function isOfSkew(thrown: unknown): boolean {
  const { $metadata } = Object(thrown) as { readonly $metadata?: { readonly clockSkewCorrected?: boolean } };
  return $metadata?.clockSkewCorrected === true && meaningOf(thrown) === skewed;
}

/** Whether it is the way there that failed, not the service that refused. */
export function isUnreachable(thrown: unknown): boolean {
  return !(thrown instanceof WaybillError) && meanings[nameOf(thrown)] === undefined && !isRefusal(statusOf(thrown));
}

/** Whether nothing was done for certain: the service refused, or nothing was sent. */
export function isCertain(thrown: unknown): boolean {
  if (thrown instanceof WaybillError || meanings[nameOf(thrown)] !== undefined) return true;
  return isRefusal(statusOf(thrown)) || codes[codeOf(thrown)] !== undefined;
}

function meaningOf(thrown: unknown): Meaning {
  if (thrown instanceof Error && /^signature (expired|not yet current)/i.test(thrown.message)) return skewed;
  const meaning = meanings[nameOf(thrown)];
  if (meaning !== undefined) return meaning;
  const status = statusOf(thrown);
  if (status === 503 || status === 429) return throttled;
  if (status === 401 || status === 403) return denied;
  if (isRefusal(status)) return { code: "CONFIG", advice: "the service refuses the request" };
  const advice = codes[codeOf(thrown)];
  return { code: "UNAVAILABLE", advice: advice ?? "there is no answer" };
}

function isRefusal(status: number | undefined): boolean {
  return status !== undefined && ((status >= 400 && status < 500) || status === 503);
}

function plain(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1).replace(/^.*#/, "");
}

function nameOf(thrown: unknown): string {
  return thrown instanceof Error ? plain(thrown.name) : "";
}

function codeOf(thrown: unknown): string {
  const code = Object(thrown) as { readonly code?: unknown; readonly errors?: readonly unknown[] };
  if (typeof code.code === "string") return code.code;
  return code.errors === undefined ? "" : codeOf(code.errors[0]);
}

function statusOf(thrown: unknown): number | undefined {
  const { $metadata } = Object(thrown) as { readonly $metadata?: { readonly httpStatusCode?: number } };
  return $metadata?.httpStatusCode;
}

/** Signatures and strings to sign are no secrets, but no use either. */
function saidBy(thrown: unknown): string {
  if (!(thrown instanceof Error) || thrown.message === "") return "";
  const said = thrown.message.split("\n")[0]?.slice(0, 300) ?? "";
  return ` (${plain(thrown.name)}: ${said})`;
}
