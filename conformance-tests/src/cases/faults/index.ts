import assert from "node:assert/strict";
import process from "node:process";
import type { Case } from "../../case.ts";
import { casesOf } from "../../case.ts";
import { check, verdictTable } from "../../checker/checker.ts";
import { every, kills, stops, topics } from "../../owed.ts";
import { siege } from "../../siege.ts";
import { hostileInput } from "./hostile.ts";

const besieged: readonly Case[] = casesOf("FLT-2", {
  "": {
    shows:
      "members killed, and stopped past their lease, at random under load: nothing is lost, invented, out of order or wrongly dead",
    owed: every(topics, kills),
    on: "ordered topic",
    async run(bench) {
      const seed = Number(process.env["WAYBILL_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
      const canStop = stops(bench.manifest, bench.controls) === "owed";
      const history = await siege(bench, { kills: 5, seed, stops: canStop });
      const verdict = check(history);
      assert(verdict.confirmed > 0, "something was published");
      assert(verdict.kept, `WAYBILL_SEED=${seed}\n${verdictTable(verdict)}`);
    },
  },
});

/** FLT-2, FLT-3. */
export const faults: readonly Case[] = [...besieged, ...hostileInput];
