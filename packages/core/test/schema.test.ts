import type { StandardSchemaV1 } from "@standard-schema/spec";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { validate } from "../src/schema.ts";
import { caught } from "./support.ts";

/** A schema of nobody's library that finds these flaws. */
function failing(...issues: StandardSchemaV1.Issue[]): StandardSchemaV1<unknown, unknown> {
  return { "~standard": { version: 1, vendor: "test", validate: () => ({ issues }) } };
}

const order = z.object({
  customer: z.object({ card: z.string().max(4), pin: z.number().max(9) }),
  lines: z.array(z.object({ count: z.int() })),
}) as unknown as StandardSchemaV1<unknown, unknown>;

test("gives what the schema makes of the data, at once where the schema is synchronous", () => {
  const trimmed = z.string().trim() as unknown as StandardSchemaV1<unknown, string>;
  expect(validate(trimmed, " a ", "data")).toBe("a");
});

test("gives a promise where the schema is asynchronous", async () => {
  const later = z.string().refine(async (text) => text !== "b") as unknown as StandardSchemaV1<unknown, string>;
  expect(await validate(later, "a", "data")).toBe("a");
  const error = await caught(() => validate(later, "b", "data for topic"));
  expect(error).toMatchObject({ code: "INVALID_DATA" });
});

test("names the path of each flaw", async () => {
  const data = { customer: { card: "4000-1234", pin: 12345 }, lines: [{ count: 1 }, { count: "two" }] };
  const error = await caught(() => validate(order, data, 'data for topic "order"'));
  expect(error).toMatchObject({ code: "INVALID_DATA" });
  expect(error.message).toMatch(/^data for topic "order" does not match its schema: /);
  for (const path of ["customer.card: ", "customer.pin: ", "lines.1.count: "]) expect(error.message).toContain(path);
});

test("a flaw of the whole says data", () => {
  expect(() => validate(failing({ message: "is wrong" }), {}, "it")).toThrow(
    "it does not match its schema: data: is wrong",
  );
});

test("paths may be segments, numbers and symbols", () => {
  const path = ["a", { key: 0 }, { key: Symbol("s") }, 7];
  expect(() => validate(failing({ message: "m", path }), {}, "it")).toThrow("a.0.Symbol(s).7: m");
});

test("a thousand flaws make no thousand lines", async () => {
  const issues = Array.from({ length: 1_000 }, (_, index) => ({ message: "wrong", path: [index] }));
  const error = await caught(() => validate(failing(...issues), [], "it"));
  expect(error.message.length).toBeLessThan(300);
});

describe("the value is not repeated", () => {
  test("where the library does not write it", async () => {
    const data = { customer: { card: "4000-1234", pin: 12345 }, lines: "s3cret" };
    const error = await caught(() => validate(order, data, "data"));
    for (const secret of ["4000-1234", "12345", "s3cret"]) expect(error.message).not.toContain(secret);
  });

  test.each([
    ["4000-1234", "Invalid length: Expected <=4 but received 4000-1234"],
    ["s3cret", 'Invalid type: Expected number but received "s3cret"'],
    [987_654, "Invalid value: Expected <10 but received 987654"],
    [12_345n, "Invalid value: received 12345"],
  ])("%s where it does, as valibot", async (value, message) => {
    const error = await caught(() =>
      validate(failing({ message, path: ["card", "no"] }), { card: { no: value } }, "data"),
    );
    expect(error.message).not.toContain(String(value));
    expect(error.message).toContain("card.no: Invalid");
  });

  test("and a path that is not there hurts nobody", () => {
    expect(() => validate(failing({ message: "m", path: ["a", "b", "c"] }), null, "it")).toThrow("a.b.c: m");
  });
});
