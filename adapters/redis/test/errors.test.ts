import { inspect } from "node:util";
import { WaybillError } from "@waybill/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { isCertain, replyCode, toError } from "../src/errors.ts";

/** As ioredis throws it. */
function replyOf(message: string): Error {
  return Object.assign(new Error(message), { name: "ReplyError", command: { name: "auth", args: ["user", "sesame"] } });
}

test.each([
  ["NOAUTH Authentication required.", "PERMISSION", "wants a password"],
  ["WRONGPASS invalid username-password pair or user is disabled.", "PERMISSION", "does not know this user"],
  ["NOPERM this user has no permissions to run the 'xadd' command", "PERMISSION", "'xadd'"],
  ["DENIED Redis is running in protected mode", "PERMISSION", "protected-mode"],
  ["OOM command not allowed when used memory > 'maxmemory'.", "FULL", "raise maxmemory or let consumers catch up"],
  ["MISCONF Errors writing to the AOF file: No space left on device", "UNAVAILABLE", "cannot write to its disk"],
  ["READONLY You can't write against a read only replica.", "UNAVAILABLE", "connect to its master"],
  ["LOADING Redis is loading the dataset in memory", "UNAVAILABLE", "loading"],
  ["MASTERDOWN Link with MASTER is down", "UNAVAILABLE", "lost its master"],
  ["CLUSTERDOWN The cluster is down", "UNAVAILABLE", "no master"],
  ["MOVED 3999 127.0.0.1:6381", "UNAVAILABLE", "cluster: true"],
  ["TRYAGAIN Multiple keys request during rehashing of slot", "UNAVAILABLE", "on their way"],
  ["NOREPLICAS Not enough good replicas to write.", "UNAVAILABLE", "min-replicas-to-write"],
  ["BUSY Redis is busy running a script.", "UNAVAILABLE", "SCRIPT KILL"],
  [
    "WRONGTYPE Operation against a key holding the wrong kind of value script: 1f, on @user_script:1.",
    "CORRUPT",
    "another type",
  ],
  [
    "ERR Error running script (call to f_1f): @user_script:1: WRONGTYPE Operation against a key",
    "CORRUPT",
    "another type",
  ],
  ["ERR Error running script (call to f_1f): @user_script: 1: OOM command not allowed", "FULL", "maxmemory"],
  ["NOGROUP No such key 'k' or consumer group", "MISSING", "gone"],
  ["ERR DB index is out of range", "CONFIG", "no database of this number"],
  ["ERR AUTH <password> called without any password configured for the default user.", "PERMISSION", "has no password"],
  ["ERR max number of clients reached", "UNAVAILABLE", "maxclients"],
  ["ERR unknown command 'XAUTOCLAIM', with args beginning with: 'k'", "UNSUPPORTED", "'XAUTOCLAIM')"],
  ["ERR something else", "UNAVAILABLE", "something else"],
])("%s is %s", (reply, code, text) => {
  const error = toError(replyOf(reply), { host: "h", port: 1 });
  expect(error.code).toBe(code);
  expect(error.message).toMatch(/^redis at h:1: /);
  expect(error.message).toContain(text);
  expect(isCertain(replyOf(reply))).toBe(true);
});

test.each([
  ["ECONNREFUSED", "UNAVAILABLE", "nothing listens there"],
  ["ENOTFOUND", "UNAVAILABLE", "no such host"],
  ["ETIMEDOUT", "UNAVAILABLE", "no answer"],
  ["ERR_SSL_WRONG_VERSION_NUMBER", "CONFIG", "write redis://"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "CONFIG", "give `ca`"],
  ["ECONNRESET", "UNAVAILABLE", "lost"],
])("%s is %s, and what was under way may have been done", (code, expected, text) => {
  const thrown = Object.assign(new AggregateError([], ""), { code });
  const error = toError(thrown, { host: "::1", port: 1 });
  expect(error.code).toBe(expected);
  expect(error.message).toMatch(new RegExp(`^redis at \\[::1\\]:1: .*${text}`));
  expect(isCertain(thrown)).toBe(false);
});

test("our own errors stay as they are; they are made where nothing was sent", () => {
  const error = new WaybillError("CLOSED", "closed");
  expect(toError(error)).toBe(error);
  expect(isCertain(error)).toBe(true);
});

test("no argument of a command is shown", () => {
  const thrown = replyOf("ERR unknown command `AUTH`, with args beginning with: `user`, `sesame`, ");
  expect(inspect(toError(thrown), { depth: 9, showHidden: true })).not.toContain("sesame");
});

test("whatever is thrown is told", () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.anything({ withNullPrototype: true }), fc.string().map(replyOf), fc.string().map(Error)),
      (thrown) => {
        expect(toError(thrown)).toBeInstanceOf(WaybillError);
        expect(replyCode(thrown) === undefined).toBe(!isCertain(thrown));
      },
    ),
  );
});
