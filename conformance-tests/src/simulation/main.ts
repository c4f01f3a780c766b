#!/usr/bin/env node
/*
 * Runs seeds through the simulation until one breaks a promise:
 *
 *     waybill-simulate [--seeds 1000] [--from 0] [--trace] [--bug lets-zombies-settle]
 *
 * `--trace` prints every event; `--bug` plants a bug, to see it found.
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { loadAdapter } from "../load-adapter.ts";
import { bugs } from "./bugs.ts";
import { memorySubject } from "./memory.ts";
import { failureReport } from "./report.ts";
import { simulate } from "./simulation.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1000" },
    from: { type: "string", default: "0" },
    trace: { type: "boolean", default: false },
    bug: { type: "string" },
  },
});

async function main(): Promise<boolean> {
  const [seeds, from] = [wholeNumber("seeds"), wholeNumber("from")];
  const bug = bugs.find(({ name }) => name === values.bug);
  if (values.bug !== undefined && bug === undefined) {
    throw new TypeError(`there is no bug "${values.bug}"; known are ${bugs.map(({ name }) => name).join(", ")}`);
  }
  const subject = memorySubject(await loadAdapter("@waybill/memory"), bug?.plant);
  const print = (text: string): void => void process.stdout.write(`${text}\n`);
  // What a trace of the stack would say is the same each time, and costs a tenth of all.
  Error.stackTraceLimit = 0;
  const began = performance.now();
  for (let seed = from; seed < from + seeds; seed += 1) {
    const run = await simulate(subject, seed);
    if (values.trace) print(run.lines.join("\n"));
    if (run.violations.length === 0) continue;
    print(failureReport(run, bug?.name));
    return false;
  }
  const seconds = (performance.now() - began) / 1_000;
  print(
    `${seeds} seeds from ${from}: every promise was kept (${seconds.toFixed(1)} s, ${Math.round(seeds / seconds)} seeds/s)`,
  );
  return true;
}

function wholeNumber(name: "seeds" | "from"): number {
  const value = Number(values[name]);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new TypeError(`--${name} is ${JSON.stringify(values[name])}; give a whole number`);
}

// What a failing seed has left open must not keep the process alive.
process.exit((await main()) ? 0 : 1);
