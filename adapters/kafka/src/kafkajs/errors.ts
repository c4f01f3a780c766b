import { DriverError } from "../driver.ts";
import type { Client } from "./client.ts";

/** What brokers call an error by now, where the client has the name of before. */
const renamed: Readonly<Record<number, string>> = {
  6: "NOT_LEADER_OR_FOLLOWER",
  14: "COORDINATOR_LOAD_IN_PROGRESS",
  15: "COORDINATOR_NOT_AVAILABLE",
  16: "NOT_COORDINATOR",
  82: "FENCED_INSTANCE_ID",
  89: "THROTTLING_QUOTA_EXCEEDED",
  90: "PRODUCER_FENCED",
  100: "UNKNOWN_TOPIC_ID",
  103: "INCONSISTENT_TOPIC_ID",
};

/** The name that the protocol has for an error. */
export function nameOf({ errorCodes }: Client, code: number): string {
  return renamed[code] ?? errorCodes.find((one) => one.code === code)?.type ?? `ERROR_${code}`;
}

export function isNamed(client: Client, code: number, name: string): boolean {
  return code !== 0 && nameOf(client, code) === name;
}

/** What the client has thrown where no broker has answered with an error, in our words. */
export function toDriverError(thrown: unknown, otherwise: "unreachable" | "lost", where: string): DriverError {
  if (thrown instanceof DriverError) return thrown;
  if (!(thrown instanceof Error)) return new DriverError(otherwise, "UNKNOWN", `${where}: the client did not say why`);
  const { name, type, code } = thrown as { readonly name: string; readonly type?: unknown; readonly code?: unknown };
  const [line = ""] = thrown.message.split("\n");
  const said = `${where}: ${line.slice(0, 300)}`;
  const refused = (reason: string): DriverError => new DriverError("refused", reason, said, { cause: thrown });
  if (name === "KafkaJSSASLAuthenticationError")
    return refused(/not supported/.test(line) ? "UNSUPPORTED_SASL_MECHANISM" : "SASL_AUTHENTICATION_FAILED");
  if (name === "KafkaJSProtocolError" && typeof type === "string") return refused(type);
  return new DriverError(otherwise, typeof code === "string" ? code : name, said, { cause: thrown });
}
