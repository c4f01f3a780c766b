import { expect, test } from "vitest";
import { jsonIn } from "../src/json-in.ts";

test.each([
  ['{"a":[1]}', { a: [1] }],
  ["null", null],
  ["{", undefined],
  ["", undefined],
  [7, undefined],
  [undefined, undefined],
])("%j holds %j", (text, value) => {
  expect(jsonIn(text)).toEqual(value);
});
