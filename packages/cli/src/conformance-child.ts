/**
 * The process in which the conformance suite runs, under `node:test`. Its one argument is JSON: the modules of the suite and the
 * adapter, the URL, and where to write the report.
 */
import { describe, test } from "node:test";
import process from "node:process";
import { pathToFileURL } from "node:url";

interface Suite {
  readonly conformance: (options: Readonly<Record<string, unknown>>) => Promise<void>;
}

const [, , argument = "{}"] = process.argv;
const job = JSON.parse(argument) as Readonly<Record<"suite" | "adapter" | "url" | "report", string>>;
const { conformance } = (await import(job.suite)) as Suite;
const { adapter } = (await import(job.adapter)) as { readonly adapter: unknown };
await conformance({ runner: { describe, test }, adapter, url: () => job.url, report: pathToFileURL(job.report) });
