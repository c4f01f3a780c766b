import { inspect } from "node:util";
import { WaybillError } from "@waybill/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { openingError, replyCode, toError } from "../src/errors.ts";
import { settingsFor } from "./connection.ts";

/** As amqplib throws what a server has said. */
function replyOf(code: number, text: string): Error {
  return Object.assign(new Error(`Operation failed: QueueDeclare; ${code} (X) with message "${text}"`), { code });
}

const inequivalent = "PRECONDITION_FAILED - inequivalent arg 'x-queue-type' for queue 'q' in vhost '/': received none";

test.each([
  [311, "CONTENT_TOO_LARGE - message is too large", "TOO_LARGE", "too large"],
  [320, "CONNECTION_FORCED - Closed via management plugin", "UNAVAILABLE", "an operator has closed"],
  [402, "INVALID_PATH", "CONFIG", "no such vhost"],
  [403, "ACCESS_REFUSED - access to queue 'q' in vhost '/' refused for user 'u'", "PERMISSION", "set_permissions"],
  [403, "ACCESS_REFUSED - queue 'q' in vhost '/' in exclusive use", "UNAVAILABLE", "another consumer"],
  [404, "NOT_FOUND - no queue 'q' in vhost '/'", "MISSING", "no queue 'q'"],
  [
    404,
    "NOT_FOUND - home node 'a@b' of durable queue 'q' is down or inaccessible",
    "UNAVAILABLE",
    "node that holds it",
  ],
  [404, "NOT_FOUND - queue 'q' in vhost '/' process is stopped by supervisor", "UNAVAILABLE", "node that holds it"],
  [405, "RESOURCE_LOCKED - cannot obtain exclusive access", "UNAVAILABLE", "another connection"],
  [406, inequivalent, "TOPOLOGY_MISMATCH", "received none"],
  [406, inequivalent.replace("'q'", "'size.exceeds-limit'"), "TOPOLOGY_MISMATCH", "exceeds-limit"],
  [406, "PRECONDITION_FAILED - invalid property 'exclusive-owner' for queue 'q'", "UNSUPPORTED", "does not know"],
  [406, "PRECONDITION_FAILED - message size 9 is larger than configured max size 5", "TOO_LARGE", "maxMessageBytes"],
  [406, "PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out", "UNAVAILABLE", "consumerTimeoutMs"],
  [406, "PRECONDITION_FAILED - unknown delivery tag 7", "UNAVAILABLE", "does not hold"],
  [406, "PRECONDITION_FAILED - queue limit in vhost '/' (5) is reached", "FULL", "a limit"],
  [503, "COMMAND_INVALID - unknown exchange type 'x'", "UNSUPPORTED", "exchange type 'x'"],
  [506, "RESOURCE_ERROR", "FULL", "short of"],
  [530, "NOT_ALLOWED - attempt to reuse consumer tag 't'", "PERMISSION", "consumer tag 't'"],
  [540, "NOT_IMPLEMENTED", "UNSUPPORTED", "cannot do"],
  [541, "INTERNAL_ERROR", "UNAVAILABLE", "lost"],
])("%i %s is %s", (reply, text, code, why) => {
  const thrown = replyOf(reply, text);
  const error = toError(thrown, { host: "h", port: 1 });
  expect(error.code).toBe(code);
  expect(error.message).toMatch(/^rabbitmq at h:1: [^"]+ \([A-Z_]+[^"]*\)$/);
  expect(error.message).toContain(why);
  expect(replyCode(thrown)).toBe(reply);
});

test.each([
  ['Handshake terminated by server: 403 (ACCESS-REFUSED) with message "…"', "PERMISSION", "does not know this user"],
  ["SASL mechanism EXTERNAL is not provided by the server", "CONFIG", "auth_mechanisms"],
  ["No channels left to allocate", "FULL", "no channel left"],
  ["Invalid frame", "CONFIG", "does not speak AMQP 0-9-1"],
  ["Field 'messageId' is the wrong type; must be a string (up to 255 chars)", "TOO_LARGE", "too long"],
  ["Encoded field table (headers or arguments) exceeds the 65536 byte encoding buffer", "TOO_LARGE", "too long"],
  ["Heartbeat timeout", "UNAVAILABLE", "lost (Heartbeat timeout)"],
])("%s is %s", (said, code, why) => {
  const error = toError(new Error(said));
  expect(error.code).toBe(code);
  expect(error.message).toContain(why);
});

test.each([
  ["ECONNREFUSED", "UNAVAILABLE", "nothing listens there"],
  ["ENOTFOUND", "UNAVAILABLE", "no such host"],
  ["ABORT_ERR", "UNAVAILABLE", "connectTimeoutMs"],
  ["ERR_SSL_WRONG_VERSION_NUMBER", "CONFIG", "write amqp://"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "CONFIG", "give `ca`"],
  ["ECONNRESET", "UNAVAILABLE", "lost"],
])("%s is %s", (code, expected, text) => {
  const error = toError(Object.assign(new AggregateError([], ""), { code }), { host: "::1", port: 1 });
  expect(error.code).toBe(expected);
  expect(error.message).toMatch(new RegExp(`^rabbitmq at \\[::1\\]:1: .*${text}`));
});

test("where nobody was reached, nothing is said of TLS", () => {
  const settings = settingsFor("amqp://h");
  const node = { host: "h", port: 1 };
  const why = (error: Error): string => openingError(error, node, settings).message;
  expect(why(new Error("Socket closed abruptly during opening handshake"))).toContain("amqps://");
  expect(why(Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" }))).not.toContain("amqps://");
});

test("our own errors stay as they are", () => {
  const error = new WaybillError("CLOSED", "closed");
  expect(toError(error)).toBe(error);
});

test("whatever is thrown is told, with nothing that hung on it", () => {
  const thrown = fc.oneof(
    fc.anything({ withNullPrototype: true }),
    fc.tuple(fc.integer(), fc.string()).map(([code, text]) => replyOf(code, text)),
    fc.string().map((text) => Object.assign(new Error(text), { socket: { password: "sesame" } })),
  );
  fc.assert(
    fc.property(thrown, (it) => {
      const error = toError(it);
      expect(error).toBeInstanceOf(WaybillError);
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("sesame");
    }),
  );
});
