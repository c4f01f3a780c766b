import { parseArguments, usage } from "./conductor/arguments.ts";
import { run } from "./conductor/run.ts";
import { Screen } from "./conductor/screen.ts";

/** Ctrl-C and its like, with the exit code that shells expect. */
class Interrupted extends Error {
  readonly exitCode: number;

  constructor(what: string, exitCode: number) {
    super(`interrupted by ${what}`);
    this.exitCode = exitCode;
  }
}

const interruption = new AbortController();
const signals = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };
for (const [signal, exitCode] of Object.entries(signals)) {
  process.on(signal, () => {
    if (interruption.signal.aborted) process.exit(exitCode);
    interruption.abort(new Interrupted(signal, exitCode));
  });
}
process.stdout.on("error", () => interruption.abort(new Interrupted("the end of its output", 141)));

try {
  // npm runs scripts in the package's folder; INIT_CWD is where its user stands.
  const wish = parseArguments(process.argv.slice(2), process.env["INIT_CWD"] ?? process.cwd());
  const screen = new Screen(process.stdout);
  if (wish.kind === "help") screen.print(usage);
  else {
    const url = process.env["WAYBILL_URL"];
    process.exitCode = await run({ input: wish.input, url, screen, signal: interruption.signal });
  }
} catch (error) {
  console.error(error instanceof Error ? `error: ${error.message}` : error);
  process.exitCode = error instanceof Interrupted ? error.exitCode : 1;
}
