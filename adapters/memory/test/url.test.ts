import { expect, test } from "vitest";
import { parseUrl } from "../src/url.ts";

test.each([
  ["memory:", { name: "", seed: undefined }],
  ["memory:orders", { name: "orders", seed: undefined }],
  ["memory://host/orders", { name: "host/orders", seed: undefined }],
  ["memory:orders?seed=7", { name: "orders", seed: 7 }],
  ["memory:?seed=0", { name: "", seed: 0 }],
])("%s is read", (url, address) => {
  expect(parseUrl(new URL(url))).toEqual(address);
});

test.each([
  ["memory:?sed=7", `knows no parameter "sed"; known is "seed"`],
  ["memory:?seed=", `seed is ""; give a whole number`],
  ["memory:?seed=-1", `seed is "-1"; give a whole number`],
  ["memory:?seed=1e3", `seed is "1e3"; give a whole number`],
  ["memory:?seed=1234567890123456", `seed is "1234567890123456"; give a whole number`],
])("%s is refused, naming what cannot be read", (url, message) => {
  expect(() => parseUrl(new URL(url))).toThrow(
    expect.objectContaining({ code: "CONFIG", message: `memory: ${message}` }),
  );
});
