import { readFile } from "node:fs/promises";
import process from "node:process";
import type { ExitCode } from "./command.ts";
import { commands } from "./commands.ts";
import { codeOf } from "./error-code.ts";
import { common } from "./flags.ts";
import { helpOf, overview } from "./help.ts";
import { Output } from "./output.ts";
import { parse } from "./parse.ts";
import { UsageError } from "./usage-error.ts";

/** Runs one command line. Never rejects: what goes wrong is one line on standard error and the exit code. */
export async function run(argv: readonly string[]): Promise<ExitCode> {
  const output = new Output(process.stdout, process.stderr, argv.includes("--json"));
  const interrupted = onInterrupt();
  try {
    return await dispatch(argv, output, AbortSignal.any([interrupted, output.closed]));
  } catch (error) {
    if (output.closed.aborted) return 0;
    if (interrupted.aborted && isAbort(error)) return 130;
    output.note(linesOf(error, argv));
    return error instanceof UsageError || codeOf(error) === "CONFIG" ? 2 : 1;
  }
}

async function dispatch(argv: readonly string[], output: Output, signal: AbortSignal): Promise<ExitCode> {
  const { command, family, args } = parse(argv, commands, common);
  if (args.has("version")) await output.result({ version: await version() }, await version());
  else if (command === undefined || args.has("help")) {
    const text = command === undefined ? overview(commands, common, family) : helpOf(command, common);
    await output.result({ help: text }, text);
    return command === undefined && !args.has("help") ? 2 : 0;
  } else return await command.run({ args, output, signal });
  return 0;
}

async function version(): Promise<string> {
  const manifest = await readFile(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { readonly version: string }).version;
}

/** Fires on the first Ctrl-C, or SIGTERM, so that the command can end in order; the second ends it at once. */
function onInterrupt(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(130);
      controller.abort();
    });
  }
  return controller.signal;
}

function isAbort(error: unknown): boolean {
  return codeOf(error) === "ABORTED" || (error instanceof Error && error.name === "AbortError");
}

function linesOf(error: unknown, argv: readonly string[]): string {
  if (!(error instanceof Error)) return `waybill: ${String(error)}`;
  const verbose = argv.includes("--verbose") || Boolean(process.env["DEBUG"]);
  return `waybill: ${verbose && error.stack !== undefined ? error.stack : error.message}`;
}
