import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkHeaders, headerBytes, isReserved, userHeaders } from "../src/headers.ts";
import { bytesOf } from "./support.ts";

const wellFormed = fc.string({ unit: "binary" });
const userName = wellFormed.filter((name) => !isReserved(name));

describe("checkHeaders", () => {
  test("gives any well-formed names and values back as they are", () => {
    fc.assert(
      fc.property(fc.dictionary(userName, wellFormed), (headers) => {
        expect(checkHeaders(headers)).toBe(headers);
      }),
    );
  });

  test.each(["content-type", "ce_", "ce_id", "ce_anything", "waybill-", "waybill-note"])("%s is reserved", (name) => {
    expect(() => checkHeaders({ [name]: "x" })).toThrow(expect.objectContaining({ code: "INVALID_DATA" }));
    expect(() => checkHeaders({ [name]: "x" })).toThrow(JSON.stringify(name));
  });

  test.each(["x", "", "Content-Type", "ce-id", "cex", "waybill", "__proto__", "日本語", "a\nb", 'quo"te'])(
    "%j is not",
    (name) => {
      const headers = JSON.parse(`{${JSON.stringify(name)}:"x"}`) as Record<string, string>;
      expect(checkHeaders(headers)).toBe(headers);
    },
  );

  test.each([5, null, undefined, {}, ["a"], Buffer.from("a"), "\ud800", true])("a value of %j is refused", (value) => {
    expect(() => checkHeaders({ trace: value as string })).toThrow(expect.objectContaining({ code: "INVALID_DATA" }));
  });

  test("a name with half of a surrogate pair is refused", () => {
    expect(() => checkHeaders({ "\ud800": "x" })).toThrow(expect.objectContaining({ code: "INVALID_DATA" }));
  });

  test("the error names the header, not its value", () => {
    expect(() => checkHeaders({ authorization: "s3cret\ud800" })).toThrow(/^(?!.*s3cret).*"authorization"/);
  });
});

describe("userHeaders", () => {
  test("leaves out what is reserved and keeps the rest, exactly", () => {
    fc.assert(
      fc.property(fc.dictionary(userName, wellFormed), (headers) => {
        const all = { ...headers, "content-type": "x", ce_id: "1", "waybill-note": "{}" };
        expect(userHeaders(all)).toEqual({ ...headers });
      }),
    );
  });

  test("keeps a header named __proto__ and sets no prototype by it", () => {
    const headers = userHeaders(JSON.parse('{"__proto__":"x"}') as Record<string, string>);
    expect(Object.entries(headers)).toEqual([["__proto__", "x"]]);
    expect(Object.getPrototypeOf(headers)).toBe(Object.prototype);
  });
});

describe("headerBytes", () => {
  test("is the bytes of all names and values", () => {
    fc.assert(
      fc.property(fc.dictionary(wellFormed, wellFormed), (headers) => {
        expect(headerBytes(headers)).toBe(bytesOf(headers));
      }),
    );
  });

  test("is on the right side of a limit, also where it is only estimated", () => {
    fc.assert(
      fc.property(fc.dictionary(wellFormed, wellFormed), fc.nat(200), (headers, limit) => {
        expect(headerBytes(headers, limit) <= limit).toBe(bytesOf(headers) <= limit);
      }),
    );
  });
});
