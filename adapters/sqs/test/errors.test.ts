import { describe, expect, test } from "vitest";
import { entryError, isCertain, isThrottling, isUnreachable, toError } from "../src/errors.ts";

/** As the SDK throws them. */
function thrown(name: string, status?: number, more: object = {}): Error {
  return Object.assign(new Error(`said ${name}`), { name, $metadata: { httpStatusCode: status }, ...more });
}

describe("what was thrown", () => {
  test.each([
    ["CredentialsProviderError", undefined, "PERMISSION", /no credentials/],
    ["ExpiredToken", 403, "PERMISSION", /expired/],
    ["ExpiredTokenException", 400, "PERMISSION", /expired/],
    ["InvalidClientTokenId", 403, "PERMISSION", /does not know/],
    ["SignatureDoesNotMatch", 403, "PERMISSION", /secret key/],
    ["AccessDenied", 403, "PERMISSION", /sqs:SendMessage: allow it/],
    ["AuthorizationErrorException", 403, "PERMISSION", /allow it/],
    ["RequestTimeTooSkewed", 403, "UNAVAILABLE", /clock/],
    ["ThrottlingException", 400, "UNAVAILABLE", /fewer/],
    ["AWS.SimpleQueueService.NonExistentQueue", 400, "MISSING", /not there/],
    ["QueueDoesNotExist", 400, "MISSING", /not there/],
    ["AWS.SimpleQueueService.QueueDeletedRecently", 400, "UNAVAILABLE", /60 seconds/],
    ["QueueNameExists", 400, "TOPOLOGY_MISMATCH", /other attributes/],
    ["InternalError", 500, "UNAVAILABLE", /no answer/],
    ["Whatever", 400, "CONFIG", /refuses/],
  ])("%s with status %s is %s", (name, status, code, why) => {
    const error = toError(thrown(name, status), "sqs:SendMessage");
    expect(error.code).toBe(code);
    expect(error.message).toMatch(why);
    expect(error.message).toContain("sqs:SendMessage");
  });

  test("tells what was not done from what may have been (PUB-2)", () => {
    const certain = [thrown("AccessDenied", 403), thrown("X", 503), thrown("CredentialsProviderError")];
    const refused = thrown("Error", undefined, { code: "ECONNREFUSED" });
    expect([...certain, refused].map(isCertain)).toEqual([true, true, true, true]);
    const unknown = [thrown("X", 500), thrown("AbortError"), thrown("Error", undefined, { code: "ECONNRESET" })];
    expect(unknown.map(isCertain)).toEqual([false, false, false]);
  });

  test("tells the way there from the service", () => {
    expect([thrown("X", 400), thrown("Throttling", 400)].map(isUnreachable)).toEqual([false, false]);
    expect([thrown("Error", undefined, { code: "ECONNREFUSED" }), thrown("AbortError")].map(isUnreachable)).toEqual([
      true,
      true,
    ]);
    expect([thrown("X", 503), thrown("RequestThrottled", 403), thrown("X", 400)].map(isThrottling)).toEqual([
      true,
      true,
      false,
    ]);
  });
});

describe("an entry that failed", () => {
  test.each([
    [{ Code: "InternalError", SenderFault: false }, "UNAVAILABLE"],
    [{ Code: "ThrottlingException", SenderFault: true }, "UNAVAILABLE"],
    [{ Code: "InvalidParameterValue", Message: "must be shorter than 1048576 bytes", SenderFault: true }, "TOO_LARGE"],
    [{ Code: "InvalidMessageContents", SenderFault: true }, "CONFIG"],
  ])("%j is %s", (entry, code) => {
    expect(entryError(entry, "sqs:SendMessage").code).toBe(code);
  });

  test("for its size says what to do with what is large", () => {
    const entry = { Code: "InvalidParameterValue", Message: "longer than 1048576 bytes", SenderFault: true };
    expect(entryError(entry, "sqs:SendMessage").message).toMatch(/S3/);
  });
});
