import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkName } from "../src/names.ts";
import { resultOf } from "./support.ts";

describe("allowed, and given back as it came", () => {
  test.each([
    "order.placed",
    "a",
    "with space",
    " leading and trailing ",
    "Straße",
    "日本語.注文",
    "🦊.🚚",
    "order/placed:1?x#y&z%20",
    "order*",
    "*order",
    "#1",
    'quotes"and\\backslashes',
    "__proto__",
    "constructor.prototype",
    "CON",
    "..".replaceAll(".", "-"),
    "a".repeat(255),
    "é".repeat(127),
  ])("%j", (name) => expect(checkName("topic", name)).toBe(name));

  test("a composed and a decomposed é stay two names", () => {
    expect(checkName("topic", "\u00e9")).not.toBe(checkName("topic", "e\u0301"));
  });
});

describe("refused", () => {
  test.each([
    ["", "is empty"],
    [".", "empty segment"],
    ["..", "empty segment"],
    [".order", "empty segment"],
    ["order.", "empty segment"],
    ["order..placed", "empty segment"],
    ["*", "wildcard"],
    ["order.*", "wildcard"],
    ["order.#.placed", "wildcard"],
    ["order\nplaced", "control character"],
    ["order\u0000", "control character"],
    ["\u007f", "control character"],
    ["\u009b31m", "control character"],
    ["\ud800", "surrogate"],
    ["order\udfff.placed", "surrogate"],
    ["a".repeat(256), "has 256 bytes"],
    ["a".repeat(300), "has 300 bytes"],
    ["é".repeat(128), "has 256 bytes"],
    ["🚚".repeat(64), "has 256 bytes"],
  ])("%j: %s", (name, why) => {
    expect(() => checkName("topic", name)).toThrow(TypeError);
    expect(() => checkName("topic", name)).toThrow(why);
  });

  test.each([undefined, null, 5, 5n, {}, ["a"], Symbol("s"), Object("order")])("what is no string", (name) => {
    expect(() => checkName("group", name as string)).toThrow(TypeError);
  });

  test("the error names the kind and the value, printably", () => {
    expect(() => checkName("group", "a\nb")).toThrow('group name "a\\nb" has a control character');
  });
});

test("a name is allowed exactly if it keeps every rule", () => {
  const part = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("*", "#", "", "a", "\ud800", "\n"));
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
      const name = parts.join(".");
      const fine =
        Buffer.byteLength(name) <= 255 &&
        name.isWellFormed() &&
        Array.from(name, (char) => char.codePointAt(0) ?? 0).every(
          (code) => code >= 0xa0 || (code >= 0x20 && code < 0x7f),
        ) &&
        name.split(".").every((segment) => !["", "*", "#"].includes(segment));
      const result = resultOf(() => checkName("queue", name));
      expect("error" in result ? !fine && result.error instanceof TypeError : fine && result.value === name).toBe(true);
    }),
  );
});

test('topics and queues that begin with "waybill." are Waybill\'s own; groups and others may', () => {
  for (const what of ["topic", "queue"] as const)
    expect(() => checkName(what, "waybill.replies")).toThrow(/begins with "waybill\.", which is Waybill's own/);
  expect(checkName("topic", "waybill")).toBe("waybill");
  expect(checkName("topic", "waybills.x")).toBe("waybills.x");
  expect(checkName("group", "waybill.x")).toBe("waybill.x");
});
