import process from "node:process";
import { fileURLToPath } from "node:url";
import { NoBrokerError } from "@waybill/testing";
import { carriers } from "./carriers.ts";
import { runOn } from "./run-on.ts";
import { verdict } from "./verdict.ts";

/*
 * Runs main.ts on every carrier that is there and prints a table. Exit code: 0, or 1 when an output differs from the first one.
 */

const main = fileURLToPath(new URL("./main.js", import.meta.url));
const same = "the same output";
let first: string | undefined;
for (const [name, open] of Object.entries(carriers)) {
  try {
    await using place = await open();
    const { output, seconds } = await runOn(place.url, main);
    if (first === undefined) process.stdout.write(`${output}\n`);
    first ??= output;
    row(name, verdict(output, first), `${seconds.toFixed(1)} s`);
  } catch (error) {
    if (error instanceof NoBrokerError) row(name, "left out", error.message);
    else row(name, "failed", String(error));
  }
}

function row(name: string, found: string, more: string): void {
  if (found !== same && found !== "left out") process.exitCode = 1;
  console.log(`${name.padEnd(8)} ${found.padEnd(same.length)} ${more}`);
}
