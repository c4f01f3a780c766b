import { type SendResult, WaybillError } from "@waybill/core";
import { expect, test } from "vitest";
import { rewound } from "../src/rewound.ts";

const unknown: SendResult = { outcome: "unknown", error: new WaybillError("UNAVAILABLE", "nobody answers") };
const later: SendResult = { outcome: "refused", error: new WaybillError("UNAVAILABLE", "there is no channel") };
const never: SendResult = { outcome: "refused", error: new WaybillError("TOO_LARGE", "it is too large") };

function ended(...batch: readonly (readonly [key: string | undefined, result: SendResult])[]): readonly string[] {
  const results = rewound(
    batch.map(([key]) => ({ key })),
    batch.map(([, result]) => result),
  );
  return results.map((result) => (result === "stored" ? result : result.outcome));
}

test("what was stored behind something of its key that has to be sent again is sent again with it", () => {
  const ends = ended(["a", "stored"], ["a", unknown], ["b", "stored"], ["a", "stored"], ["a", never], ["a", "stored"]);
  expect(ends).toEqual(["stored", "unknown", "stored", "unknown", "refused", "unknown"]);
  expect(ended(["a", later], ["a", "stored"])).toEqual(["refused", "unknown"]);
});

test("what stands behind nothing that comes again stays stored", () => {
  expect(ended(["a", never], ["a", "stored"])).toEqual(["refused", "stored"]);
  expect(ended([undefined, unknown], [undefined, "stored"])).toEqual(["unknown", "stored"]);
});
