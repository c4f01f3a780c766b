#!/usr/bin/env node
/*
 * Kills members under load and prints the verdict:
 *
 *     waybill-kill-run --url sqlite:/tmp/run.db --kills 50 --seed 7 [--module @waybill/sqlite] [--lease 500]
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { Bench } from "./bench.ts";
import { check, verdictTable } from "./checker/checker.ts";
import { manifestsOf } from "./conformance.ts";
import { loadAdapter } from "./load-adapter.ts";
import type { Setup } from "./setup.ts";
import { siege } from "./siege.ts";

const { values } = parseArgs({
  options: {
    url: { type: "string" },
    module: { type: "string" },
    kills: { type: "string", default: "50" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 31)) },
    lease: { type: "string", default: "500" },
  },
});

async function main(): Promise<boolean> {
  const { url, module = `@waybill/${url?.split(":")[0]}` } = values;
  if (url === undefined) throw new TypeError("give --url, such as sqlite:/tmp/run.db");
  const [kills, seed, leaseMs] = [values.kills, values.seed, values.lease].map(Number) as [number, number, number];
  const setup: Setup = {
    adapter: await loadAdapter(module),
    url: () => url,
    options: { leaseMs },
    controls: { processes: { module } },
    mutate: (same) => same,
    mutant: undefined,
    boundMs: 30_000,
    closeMs: 10_000,
  };
  const bench = new Bench(setup, (await manifestsOf(setup))["ordered topic"]);
  const print = (text: string): void => void process.stdout.write(`${text}\n`);
  print(`${kills} kills on ${url.split(":")[0]}, seed ${seed}`);
  const began = Date.now();
  try {
    const onProgress = (text: string): void => void process.stderr.write(`\r${text}   `);
    const verdict = check(await siege(bench, { kills, seed, stops: true, onProgress }));
    process.stderr.write("\n");
    print(`${verdictTable(verdict)}\nin ${Math.round((Date.now() - began) / 1_000)} s`);
    return verdict.kept;
  } finally {
    await bench.end();
  }
}

process.exitCode = (await main()) ? 0 : 1;
