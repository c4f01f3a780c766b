import { expect, test } from "vitest";
import { verdict } from "../src/verdict.ts";

test("names the first line that differs", () => {
  expect(verdict("a\nb\n", "a\nb\n")).toBe("the same output");
  expect(verdict("a\nc\n", "a\nb\n")).toBe('differs in line 2: "c" instead of "b"');
  expect(verdict("a", "a\nb")).toBe('differs in line 2: nothing instead of "b"');
  expect(verdict("a\nb", "a")).toBe('differs in line 2: "b" instead of nothing');
});
