import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { parseArguments } from "../../src/conductor/arguments.ts";

const folder = mkdtempSync(join(tmpdir(), "waybill-arguments-"));
writeFileSync(join(folder, "mine.ndjson"), "");
afterAll(() => rmSync(folder, { recursive: true }));

test("without arguments the shipped orders are read", () => {
  expect(parseArguments([], folder)).toEqual({
    kind: "run",
    input: expect.stringMatching(/01-order-pipeline.orders\.ndjson$/) as string,
  });
});

test("a file is looked for where the user stands", () => {
  expect(parseArguments(["mine.ndjson"], folder)).toEqual({ kind: "run", input: join(folder, "mine.ndjson") });
  expect(parseArguments([join(folder, "mine.ndjson")], "/")).toEqual({
    kind: "run",
    input: join(folder, "mine.ndjson"),
  });
});

test("- is standard input, --help is help", () => {
  expect(parseArguments(["-"], folder)).toEqual({ kind: "run", input: "-" });
  expect(parseArguments(["mine.ndjson", "--help"], folder)).toEqual({ kind: "help" });
});

test("what cannot be used is named", () => {
  expect(() => parseArguments(["other.ndjson"], folder)).toThrow(`there is no file ${join(folder, "other.ndjson")}`);
  expect(() => parseArguments(["."], folder)).toThrow("is a folder");
  expect(() => parseArguments(["--fast"], folder)).toThrow('there is no option "--fast"');
  expect(() => parseArguments(["-", "more"], folder)).toThrow('"more" came too');
});
