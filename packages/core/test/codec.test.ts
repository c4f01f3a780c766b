import fc from "fast-check";
import { expect, test } from "vitest";
import { bytes, json, utf8 } from "../src/codec.ts";

test("json gives back what JSON can hold", () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: "binary" }), (data) => {
      expect(JSON.stringify(json.decode(json.encode(data)))).toBe(JSON.stringify(data));
    }),
  );
});

test("json has no bytes for undefined", () => {
  expect(json.encode(undefined)).toHaveLength(0);
  expect(json.decode(new Uint8Array())).toBeUndefined();
});

test("bytes are given back as they are, and nothing else is taken", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (data) => {
      expect(bytes.decode(bytes.encode(data))).toBe(data);
    }),
  );
  for (const data of ["text", [1, 2], new ArrayBuffer(4), undefined])
    expect(() => bytes.encode(data)).toThrow(TypeError);
});

test("utf8 reads a part of a larger buffer, and refuses what is none", () => {
  const whole = Buffer.from("xxüxx");
  expect(utf8(new Uint8Array(whole.buffer, whole.byteOffset + 2, 2))).toBe("ü");
  expect(() => utf8(whole.subarray(2, 3))).toThrow(expect.objectContaining({ code: "MALFORMED" }));
});
