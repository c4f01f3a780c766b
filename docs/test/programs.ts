/** One program of a page: its blocks, on the lines where they stand in the page, all other lines empty. */
export interface Program {
  /** The line of its first fence, from 1. */
  readonly line: number;
  readonly source: string;
  /** What the page says that it prints, a block each. */
  readonly output: readonly string[];
}

interface Block {
  readonly line: number;
  readonly info: string;
  readonly lines: readonly string[];
}

/**
 * The TypeScript of a page in Markdown. A block that begins with an import begins a program, any other goes on with the one
 * before it, as a reader does; a block `text output` is what the program prints.
 * @throws Error for a block before the first import
 */
export function programsOf(page: string): readonly Program[] {
  const programs: { line: number; lines: string[]; output: string[] }[] = [];
  for (const { line, info, lines } of blocksOf(page)) {
    if (info !== "ts" && info !== "text output") continue;
    if (info === "ts" && lines[0]?.startsWith("import ")) programs.push({ line, lines: [], output: [] });
    const program = programs.at(-1);
    if (program === undefined)
      throw new Error(`the block of line ${line} belongs to no program: let one begin with an import`);
    if (info === "ts") for (const [index, text] of lines.entries()) program.lines[line + index] = text;
    else program.output.push(lines.map((text) => `${text}\n`).join(""));
  }
  return programs.map(({ line, lines, output }) => ({
    line,
    output,
    source: `${Array.from(lines, (text) => text ?? "").join("\n")}\n`,
  }));
}

function blocksOf(page: string): readonly Block[] {
  const blocks: Block[] = [];
  let open: { line: number; info: string; lines: string[] } | undefined;
  for (const [index, text] of page.split("\n").entries()) {
    if (open === undefined) {
      if (text.startsWith("```")) open = { line: index + 1, info: text.slice(3).trim(), lines: [] };
    } else if (text === "```") {
      blocks.push(open);
      open = undefined;
    } else open.lines.push(text);
  }
  return blocks;
}
