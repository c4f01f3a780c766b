#!/usr/bin/env node
/*
 * Load, killed and stopped processes, a verdict:
 *
 *     npm run chaos -- [--url sqlite:/tmp/run.db | --broker redis] [--minutes 1] [--strikes 50] [--seed 7]
 *         [--faults kill,pause,cut,drop-reply,blackhole,restart] [--lease 500] [--module @waybill/sqlite] [--json history.json]
 *     npm run chaos -- --judge history.json
 *
 * Without --url and --broker a fresh SQLite file, without --faults all that the carrier has. Ctrl-C ends the load, drains and judges what there is. Exit code 1: a promise was broken.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { inspect } from "node:util";
import { systemClock } from "@waybill/core";
import { type Broker, faultProxy, startBroker } from "@waybill/testing";
import { Bench } from "../bench.ts";
import { HistoryFile, judgeFile } from "../checker/history-file.ts";
import { verdictTable } from "../checker/verdict.ts";
import { manifestsOf } from "../conformance.ts";
import { loadAdapter } from "../load-adapter.ts";
import type { Setup } from "../setup.ts";
import { type ChaosArguments, parseChaos } from "./arguments.ts";
import { reporting } from "./reporting.ts";
import { headOf, Siege } from "./siege.ts";

async function main(): Promise<boolean> {
  const given = parseChaos(process.argv.slice(2));
  if (given.judge !== undefined) return judged(given.judge);
  const folder = mkdtempSync(join(tmpdir(), "waybill-chaos-"));
  const path = given.json ?? join(folder, "history.json");
  const broker = given.broker && (await startBroker(given.broker, { sources: ["docker", "native"] }));
  const url = broker?.url ?? given.url ?? `sqlite:${join(folder, "run.db")}`;
  print(`chaos on ${url.split(":")[0]}: ${given.faults.join(", ")}, seed ${given.seed}`);
  const stuck = await besiege(given, url, path, broker).finally(() => broker?.stop());
  const kept = (await judged(path)) && stuck === undefined;
  if (stuck !== undefined) print(`it did not come to its end: ${stuck}`);
  print(`seed ${given.seed}, history ${kept && given.json === undefined ? "removed" : path}`);
  if (kept) rmSync(folder, { recursive: true });
  return kept;
}

/** Runs the load and writes the history; gives why it did not come to its end, if it did not. */
async function besiege(
  given: ChaosArguments,
  url: string,
  path: string,
  broker: Broker | undefined,
): Promise<string | undefined> {
  const { module, options, minutes } = given;
  const setup: Setup = {
    adapter: await loadAdapter(module),
    url: () => url,
    options,
    controls: { processes: { module }, link: (to) => faultProxy({ to }) },
    mutate: (same) => same,
    mutant: undefined,
    boundMs: 30_000,
    closeMs: 10_000,
  };
  const bench = new Bench(setup, (await manifestsOf(setup))["ordered topic"]);
  const history = new HistoryFile(path, headOf(bench));
  const ended = new AbortController();
  const end = (): void => ended.abort();
  process.once("SIGINT", end);
  const cancel = systemClock.after(minutes * 60_000, end);
  const siege = new Siege(bench, {
    ...given,
    broker,
    signal: ended.signal,
    publishers: 3,
    backlog: 1_000,
    paceMs: 1_000,
    record: history.record,
  });
  const stopReporting = reporting(
    () => siege.progress,
    (line) => void process.stderr.write(`${line}\n`),
  );
  try {
    await siege.run();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : inspect(error);
  } finally {
    cancel();
    process.off("SIGINT", end);
    stopReporting();
    await bench.end();
    history.close();
  }
}

async function judged(path: string): Promise<boolean> {
  const verdict = await judgeFile(path);
  print(verdictTable(verdict));
  return verdict.kept;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : inspect(error)}\n`);
  process.exitCode = 1;
}
