import { type ErrorCode, untrustedCertificates, WaybillError } from "@waybill/core";
import { DriverError, type Partition } from "./driver.ts";

interface Meaning {
  readonly code: ErrorCode;
  readonly advice: string;
}

const denied = (what: string): Meaning => ({ code: "PERMISSION", advice: `allow it in the ACLs of ${what}` });
const tooLarge: Meaning = {
  code: "TOO_LARGE",
  advice: "the message is over the broker's message.max.bytes; put what is large into a store and send where it is",
};
const fewReplicas: Meaning = {
  code: "UNAVAILABLE",
  advice: "fewer replicas are in sync than min.insync.replicas asks for",
};

/** What brokers answer with and does not pass by itself, or deserves a word. */
const meanings: Readonly<Record<string, Meaning>> = {
  TOPIC_AUTHORIZATION_FAILED: denied("the topic"),
  GROUP_AUTHORIZATION_FAILED: denied("the group"),
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: denied("transactional ids, which begin as the group does"),
  INVALID_TRANSACTION_TIMEOUT: { code: "CONFIG", advice: "the broker's transaction.max.timeout.ms is under leaseMs" },
  CLUSTER_AUTHORIZATION_FAILED: denied("the cluster"),
  SASL_AUTHENTICATION_FAILED: { code: "PERMISSION", advice: "user or password is wrong" },
  INVALID_TOKEN: {
    code: "PERMISSION",
    advice: "the token may have expired, or be of somebody whom the broker does not trust",
  },
  UNSUPPORTED_SASL_MECHANISM: {
    code: "PERMISSION",
    advice: "the broker lets nobody in this way; set ?sasl= to what it offers",
  },
  PLT_KFK_AUTHENTICATION: { code: "PERMISSION", advice: "the broker does not let us in" },
  ILLEGAL_SASL_STATE: { code: "PERMISSION", advice: "the broker asks for no login there" },
  MESSAGE_TOO_LARGE: tooLarge,
  RECORD_LIST_TOO_LARGE: tooLarge,
  INVALID_SESSION_TIMEOUT: {
    code: "CONFIG",
    advice: "leaseMs is outside of the broker's group.min.session.timeout.ms (6000) and group.max.session.timeout.ms",
  },
  INCONSISTENT_GROUP_PROTOCOL: { code: "CONFIG", advice: "others, not of Waybill, are members of this consumer group" },
  INVALID_REPLICATION_FACTOR: {
    code: "CONFIG",
    advice: "there are fewer brokers than copies asked for; set ?replication=",
  },
  INVALID_PARTITIONS: { code: "CONFIG", advice: "the broker does not make so many partitions" },
  INVALID_CONFIG: { code: "CONFIG", advice: "the broker refuses a setting of a topic" },
  POLICY_VIOLATION: { code: "PERMISSION", advice: "a policy of the cluster forbids it" },
  INVALID_TOPIC_EXCEPTION: { code: "CONFIG", advice: "the broker refuses the name of a topic" },
  UNSUPPORTED_VERSION: { code: "UNSUPPORTED", advice: "the broker is too old; Waybill needs Kafka 3.0 or newer" },
  NOT_ENOUGH_REPLICAS: fewReplicas,
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: fewReplicas,
  UNKNOWN_TOPIC_OR_PARTITION: { code: "MISSING", advice: "the topic is not there" },
  NON_EMPTY_GROUP: { code: "BUSY", advice: "the group still has members" },
  KAFKA_STORAGE_ERROR: { code: "UNAVAILABLE", advice: "the broker cannot write to its disk" },
};

const away = (what: string): Meaning => ({
  code: "UNAVAILABLE",
  advice: `${what}; if it is not what the URL says, the brokers' advertised.listeners do`,
});

/** What the system and the client say. */
const codes: Readonly<Record<string, Meaning>> = {
  ECONNREFUSED: away("nothing listens there"),
  ENOTFOUND: away("there is no such host"),
  EAI_AGAIN: { code: "UNAVAILABLE", advice: "the name of the host cannot be looked up now" },
  PLT_KFK_USER: { code: "CONFIG", advice: "it may ask for TLS; write kafkas:// in place of kafka://" },
  ...untrustedCertificates,
};

/** What the client or a broker said, in our words, with what was wanted. It holds no credential (LIF-6). */
export function toError(thrown: unknown, what: string): WaybillError {
  if (thrown instanceof WaybillError) return thrown;
  if (!(thrown instanceof DriverError)) {
    const said = thrown instanceof Error ? thrown.message.split("\n")[0]?.slice(0, 200) : "it was not said why";
    return new WaybillError("UNAVAILABLE", `kafka: ${what} failed (${said})`);
  }
  const meaning = meanings[thrown.reason] ?? codes[thrown.reason];
  const said = meaning === undefined ? thrown.message : `${meaning.advice} (${thrown.message})`;
  return new WaybillError(meaning?.code ?? "UNAVAILABLE", `kafka: ${what}: ${said}`);
}

/** Whether a broker has answered, and with which of these. */
export function isAnswer(thrown: unknown, ...reasons: readonly string[]): boolean {
  return thrown instanceof DriverError && thrown.kind === "refused" && reasons.includes(thrown.reason);
}

/** Whether it is the way there that failed, not the broker that refused. */
export function isUnreachable(thrown: unknown): boolean {
  return thrown instanceof DriverError && thrown.kind !== "refused";
}

/** What a broker answers with while leaders move, or topics are new. */
export const movedReasons: readonly string[] = [
  "NOT_LEADER_OR_FOLLOWER",
  "LEADER_NOT_AVAILABLE",
  "UNKNOWN_TOPIC_OR_PARTITION",
  "UNKNOWN_TOPIC_ID",
  "INCONSISTENT_TOPIC_ID",
  "FENCED_LEADER_EPOCH",
  "UNKNOWN_LEADER_EPOCH",
  "REPLICA_NOT_AVAILABLE",
  "BROKER_NOT_AVAILABLE",
  "OFFSET_NOT_AVAILABLE",
];

/** What says that another broker keeps the group, or none does for now. */
export const coordinatorReasons: readonly string[] = [
  "NOT_COORDINATOR",
  "COORDINATOR_NOT_AVAILABLE",
  "COORDINATOR_LOAD_IN_PROGRESS",
  "BROKER_NOT_AVAILABLE",
];

/** What says that the group goes on without this member, or shares out anew. */
export const notMemberReasons: readonly string[] = ["REBALANCE_IN_PROGRESS", "ILLEGAL_GENERATION", "UNKNOWN_MEMBER_ID"];

/** What was to come next is not there any more. */
export function positionLost(
  { topic, partition, position }: Partition & { position: number },
  start: number,
): WaybillError {
  const where = `partition ${partition} of ${topic}`;
  return new WaybillError(
    "MISSING",
    `kafka: offset ${position} of ${where} is not there any more; going on from ${start}`,
  );
}

/** How far a group was is not known any more. */
export function commitsExpired(group: string): WaybillError {
  return new WaybillError(
    "MISSING",
    `kafka: what the group ${group} had committed has expired; going on from the beginning`,
  );
}
