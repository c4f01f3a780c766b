import assert from "node:assert/strict";
import process from "node:process";
import type { Case } from "../../case.ts";
import { casesOf } from "../../case.ts";
import { headOf, Siege } from "../../chaos/siege.ts";
import { Checker } from "../../checker/checker.ts";
import { verdictTable } from "../../checker/verdict.ts";
import { every, kills, stops, topics } from "../../owed.ts";

/** FLT-2 */
export const besieged: readonly Case[] = casesOf("FLT-2", {
  "": {
    shows:
      "members and publishers killed, and stopped past their lease, at random under load: nothing is lost, invented, out of order or wrongly dead",
    owed: every(topics, kills),
    on: "ordered topic",
    async run(bench) {
      const seed = Number(process.env["WAYBILL_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
      const canStop = stops(bench.manifest, bench.controls) === "owed";
      const checker = new Checker(headOf(bench));
      const siege = new Siege(bench, {
        seed,
        faults: canStop ? ["kill", "pause"] : ["kill"],
        strikes: 6,
        signal: new AbortController().signal,
        publishers: 2,
        backlog: 150,
        paceMs: 0,
        record: (event) => checker.add(event),
      });
      await siege.run();
      const verdict = checker.verdict();
      assert(verdict.kept, `WAYBILL_SEED=${seed}\n${verdictTable(verdict)}`);
    },
  },
});
