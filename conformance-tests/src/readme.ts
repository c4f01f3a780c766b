#!/usr/bin/env node
/*
 * Writes the conformance table of a README from the reports of the adapters, between its markers:
 *
 *     waybill-conformance-table [--check] README.md adapters/memory/conformance.json adapters/sqlite/conformance.json
 *
 * `--check` writes nothing and fails if the table is out of date. Without a README that ends in .md it prints the reports.
 */
import { readFile, writeFile } from "node:fs/promises";
import process from "node:process";
import { parseArgs } from "node:util";
import { withTable } from "./readme-table.ts";
import { type Report, tableOf } from "./report.ts";

const { values, positionals } = parseArgs({ allowPositionals: true, options: { check: { type: "boolean" } } });

async function main(): Promise<number> {
  const file = positionals.find((path) => path.endsWith(".md"));
  const reports = await Promise.all(positionals.filter((path) => path !== file).map(read));
  if (file === undefined) {
    for (const report of reports) process.stdout.write(`${tableOf(report)}\n`);
    return 0;
  }
  const before = await readFile(file, "utf8");
  const after = withTable(before, reports);
  if (before === after) return 0;
  if (values.check === true) {
    process.stderr.write(`the conformance table of ${file} is out of date; run this without --check\n`);
    return 1;
  }
  await writeFile(file, after);
  return 0;
}

async function read(path: string): Promise<Report> {
  return JSON.parse(await readFile(path, "utf8")) as Report;
}

process.exitCode = await main();
