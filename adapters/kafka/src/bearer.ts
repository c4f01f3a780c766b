import { Buffer } from "node:buffer";
import { jsonIn } from "@waybill/core";
import { DriverError } from "./driver.ts";

/**
 * A broker that refuses a token answers as if all were well, with a reason in place of nothing (RFC 7628), and waits for another one. No
 * client looks.
 */
export function refusalIn(answer: Uint8Array): DriverError | undefined {
  if (answer.length === 0) return undefined;
  const { status } = Object(jsonIn(Buffer.from(answer).toString())) as { readonly status?: unknown };
  const said = typeof status === "string" ? status.slice(0, 100) : "without a reason";
  return new DriverError("refused", "INVALID_TOKEN", `the token was refused: ${said}`);
}
