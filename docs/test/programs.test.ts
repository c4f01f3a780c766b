import { describe, expect, test } from "vitest";
import { programsOf } from "./programs.ts";

const page = (...lines: string[]): string => lines.join("\n");

describe("the programs of a page", () => {
  test("begin with an import and go on in the blocks without one", () => {
    const text = page(
      "# A",
      "```ts",
      'import "a";',
      "```",
      "then",
      "```ts",
      "go();",
      "```",
      "```ts",
      'import "b";',
      "```",
    );
    expect(programsOf(text)).toEqual([
      { line: 2, source: '\n\nimport "a";\n\n\n\ngo();\n', output: [] },
      { line: 9, source: `${"\n".repeat(9)}import "b";\n`, output: [] },
    ]);
  });

  test("print what the blocks of output say, and other blocks are no part of them", () => {
    const text = page("```ts", 'import "a";', "```", "```sh", "npm start", "```", "```text output", "1", "2", "```");
    expect(programsOf(text)).toEqual([{ line: 1, source: '\nimport "a";\n', output: ["1\n2\n"] }]);
  });

  test("begin somewhere", () => {
    expect(() => programsOf(page("", "```ts", "go();", "```"))).toThrow(/line 2 belongs to no program/);
  });
});
