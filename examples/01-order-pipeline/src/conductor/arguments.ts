import { statSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const usage = `Runs an order pipeline: orders, billing, shipping and email over one broker.

  npm start                      10 000 orders that come with the example
  npm start -- my-orders.ndjson  orders of your own, a JSON object a line
  npm start -- -                 the same from standard input

WAYBILL_URL says over which broker, such as redis://localhost, in a namespace of its own; "memory:"
runs all services in one process. Without it each runs in its own, over a SQLite file in a
temporary folder.

Exit code: 0 all is well, 1 something does not add up, 2 the input has malformed lines.`;

/** What the user wants: help, or a run over a file (an absolute path, or "-" for standard input). */
export type Wish = { readonly kind: "help" } | { readonly kind: "run"; readonly input: string };

/** Reads the command line; paths are relative to `cwd`. @throws Error saying what cannot be used */
export function parseArguments(args: readonly string[], cwd: string): Wish {
  if (args.includes("--help") || args.includes("-h")) return { kind: "help" };
  const [input, unexpected] = args;
  if (unexpected !== undefined) throw new Error(`one file at most, but "${unexpected}" came too; see --help`);
  if (input === undefined)
    return { kind: "run", input: fileURLToPath(new URL("../../orders.ndjson", import.meta.url)) };
  if (input === "-") return { kind: "run", input };
  if (input.startsWith("-")) throw new Error(`there is no option "${input}"; see --help`);
  return { kind: "run", input: readable(resolve(cwd, input)) };
}

function readable(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) throw new Error(`there is no file ${path}`);
  if (stats.isDirectory()) throw new Error(`${path} is a folder; give a file of orders, a JSON object a line`);
  return path;
}
