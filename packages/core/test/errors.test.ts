import { expect, test } from "vitest";
import { WaybillError } from "../src/errors.ts";

test("an error in JSON says its code and its message, and nothing of its cause", () => {
  const error = new WaybillError("FULL", "no room", { cause: new Error("amqp://user:s3cret@host") });
  expect(JSON.parse(JSON.stringify({ error }))).toEqual({
    error: { name: "WaybillError", code: "FULL", message: "no room" },
  });
});
