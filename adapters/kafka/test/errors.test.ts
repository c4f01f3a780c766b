import { expect, test } from "vitest";
import { DriverError } from "../src/driver.ts";
import { toError } from "../src/errors.ts";

test.each([
  ["TOPIC_AUTHORIZATION_FAILED", "PERMISSION", /ACLs of the topic/],
  ["MESSAGE_TOO_LARGE", "TOO_LARGE", /message\.max\.bytes/],
  ["NOT_ENOUGH_REPLICAS", "UNAVAILABLE", /min\.insync\.replicas/],
  ["INCONSISTENT_GROUP_PROTOCOL", "CONFIG", /not of Waybill/],
  ["NOT_LEADER_OR_FOLLOWER", "UNAVAILABLE", /NOT_LEADER/],
])("%s is told as %s", (reason, code, message) => {
  const error = toError(new DriverError("refused", reason, `h:1 answers ${reason}`), "to publish");
  expect(error.code).toBe(code);
  expect(error.message).toMatch(message);
});

test("who cannot be reached is named, with what may be wrong", () => {
  const error = toError(new DriverError("unreachable", "ECONNREFUSED", "h:1: connect ECONNREFUSED"), "to connect");
  expect(error).toMatchObject({ code: "UNAVAILABLE" });
  expect(error.message).toMatch(/h:1.*/);
  expect(error.message).toMatch(/advertised\.listeners/);
});
