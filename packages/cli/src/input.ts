import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import process from "node:process";
import { type Line, linesOf, parsed } from "./lines.ts";
import { UsageError } from "./usage-error.ts";

/** What is to be published, as it comes. */
export interface Input {
  readonly lines: AsyncIterable<Line> | Iterable<Line>;
  /** What comes in, where a file says it. */
  readonly bytes: number | undefined;
  /** What a number counts. */
  readonly unit: "line" | "operand";
}

/** What `--file`, `-` for standard input, or the operands themselves say. @throws UsageError where it is none of them or two */
export async function inputOf(file: string | undefined, data: readonly string[], signal: AbortSignal): Promise<Input> {
  if (file !== undefined && data.length > 0) throw new UsageError("give data or --file, not both");
  if (file !== undefined) {
    const { size } = await stat(file).catch((cause: unknown) => {
      throw new UsageError(`--file ${file} cannot be read; correct the path`, { cause });
    });
    return { lines: linesOf(createReadStream(file), signal), bytes: size, unit: "line" };
  }
  if (data.length === 1 && data[0] === "-")
    return { lines: linesOf(process.stdin, signal), bytes: undefined, unit: "line" };
  if (data.length === 0) throw new UsageError("give data as JSON, --file <file>, or - for standard input");
  return { lines: data.map((json, index) => parsed(index + 1, json)), bytes: undefined, unit: "operand" };
}
