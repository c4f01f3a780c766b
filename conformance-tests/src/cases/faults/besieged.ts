import assert from "node:assert/strict";
import process from "node:process";
import type { Broker } from "@waybill/testing";
import type { Bench } from "../../bench.ts";
import { type Case, casesOf } from "../../case.ts";
import type { FaultName } from "../../chaos/faults.ts";
import { headOf, Siege } from "../../chaos/siege.ts";
import { Checker } from "../../checker/checker.ts";
import { HistoryFile } from "../../checker/history-file.ts";
import { verdictTable } from "../../checker/verdict.ts";
import { every, kills, links, restarts, stops, topics } from "../../owed.ts";

const way: readonly Case[] = casesOf("FLT-1", {
  siege: {
    shows:
      "links cut, deaf and swallowing, and the broker killed, at random under load: nothing is lost, invented, out of order or wrongly dead",
    owed: every(topics, kills, links, restarts),
    on: "ordered topic",
    run: async (bench) => endure(bench, ["cut", "drop-reply", "blackhole", "restart"], await bench.broker()),
  },
});

const members: readonly Case[] = casesOf("FLT-2", {
  "": {
    shows:
      "members and publishers killed, and stopped past their lease, at random under load: nothing is lost, invented, out of order or wrongly dead",
    owed: every(topics, kills),
    on: "ordered topic",
    async run(bench) {
      const canStop = stops(bench.manifest, bench.controls) === "owed";
      await endure(bench, canStop ? ["kill", "pause"] : ["kill"]);
    },
  },
});

/** A short run of chaos, and its verdict. */
async function endure(bench: Bench, faults: readonly FaultName[], broker?: Broker): Promise<void> {
  const seed = Number(process.env["WAYBILL_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
  const checker = new Checker(headOf(bench));
  const path = process.env["WAYBILL_HISTORY"];
  const file = path === undefined ? undefined : new HistoryFile(path, headOf(bench));
  const siege = new Siege(bench, {
    seed,
    faults,
    broker,
    strikes: 6,
    signal: new AbortController().signal,
    publishers: 2,
    backlog: 150,
    paceMs: 0,
    record: (event) => {
      file?.record(event);
      checker.add(event);
    },
  });
  await siege.run().finally(() => file?.close());
  const verdict = checker.verdict();
  assert(verdict.kept, `WAYBILL_SEED=${seed}\n${verdictTable(verdict)}`);
}

/** FLT-1 and FLT-2, in long runs. */
export const besieged: readonly Case[] = [...way, ...members];
