import { carrierUrl } from "@waybill/core";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Command, ExitCode, Invocation } from "../command.ts";
import { configOf } from "../open-bus.ts";
import { UsageError } from "../usage-error.ts";

const suite = "@waybill/conformance";

export const conformance: Command = {
  name: "conformance",
  summary: "Runs the conformance suite against a carrier and prints what became of each promise",
  operands: "",
  details: [
    `It needs ${suite}, which is installed beside: npm install --save-dev ${suite}. The suite makes topics and`,
    "queues with names of their own in namespaces of their own, and kills processes of its own.",
  ],
  flags: [{ name: "adapter", value: "module", summary: "the adapter: a package or a file that exports `adapter`" }],
  examples: [
    "waybill conformance --url sqlite:./conformance.db",
    "waybill conformance --url nats://localhost --adapter ./dist/index.js",
  ],
  run: async (invocation) => {
    const { settings } = await configOf(invocation);
    const adapter = moduleOf(invocation, carrierUrl(String(settings.url))?.protocol ?? "");
    const folder = await mkdtemp(join(tmpdir(), "waybill-conformance-"));
    try {
      const job = { suite: installed(suite), adapter, url: String(settings.url), report: join(folder, "report.json") };
      const code = await inChild(invocation, job);
      await print(invocation, job.report);
      return code;
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};

/** Where a package is that the running project has; the adapters of our own are named after their scheme. */
function moduleOf({ args }: Invocation, scheme: string): string {
  const given = args.text("adapter");
  if (given === undefined) return installed(`@waybill/${scheme.replace(":", "")}`);
  return given.startsWith(".") || given.startsWith("/") ? pathToFileURL(resolve(given)).href : installed(given);
}

function installed(name: string): string {
  try {
    return pathToFileURL(createRequire(join(process.cwd(), "package.json")).resolve(name)).href;
  } catch (cause) {
    throw new UsageError(`${name} is not installed here; run: npm install --save-dev ${name}`, { cause });
  }
}

/** Runs the suite under `node:test`, what that prints going to standard error. */
async function inChild({ signal }: Invocation, job: Readonly<Record<string, string>>): Promise<ExitCode> {
  const script = fileURLToPath(new URL("../conformance-child.js", import.meta.url));
  const flags = ["--test-reporter=spec", "--test-reporter-destination=stderr"];
  const child = spawn(process.execPath, [...flags, script, JSON.stringify(job)], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const kill = (): void => void child.kill();
  signal.addEventListener("abort", kill, { once: true });
  const [code] = (await once(child, "close")) as [number | null];
  signal.removeEventListener("abort", kill);
  if (signal.aborted) return 130;
  return code === 0 ? 0 : 1;
}

interface Report {
  readonly adapter: string;
  readonly cases: Readonly<Record<string, string>>;
  readonly uncovered: Readonly<Record<string, string>>;
}

async function print({ output }: Invocation, file: string): Promise<void> {
  let json: string;
  try {
    json = await readFile(file, "utf8");
  } catch {
    output.note("waybill: the suite did not run to its end, see above");
    return;
  }
  const { cases, uncovered } = JSON.parse(json) as Report;
  const rows = Object.entries({ ...cases, ...uncovered });
  const width = Math.max(...rows.map(([id]) => id.length));
  for (const [id, state] of rows) await output.result({ case: id, state }, `${id.padEnd(width)}  ${state}`);
}
