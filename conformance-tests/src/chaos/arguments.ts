import { parseArgs } from "node:util";
import { type FaultName, faultNamed } from "./faults.ts";

export interface ChaosArguments {
  readonly url: string | undefined;
  /** Where the adapter is imported from. */
  readonly module: string;
  readonly minutes: number;
  readonly strikes: number;
  readonly faults: readonly FaultName[];
  readonly seed: number;
  readonly leaseMs: number;
  /** Where the history goes. */
  readonly json: string | undefined;
  /** A history to be judged, and nothing else. */
  readonly judge: string | undefined;
}

/** @throws TypeError naming what cannot be */
export function parseChaos(args: readonly string[]): ChaosArguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      url: { type: "string" },
      module: { type: "string" },
      minutes: { type: "string", default: "1" },
      strikes: { type: "string" },
      faults: { type: "string", default: "kill,pause" },
      seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 31)) },
      lease: { type: "string", default: "500" },
      json: { type: "string" },
      judge: { type: "string" },
    },
  });
  const { url, json, judge } = values;
  const scheme = url === undefined ? "sqlite" : url.slice(0, url.indexOf(":"));
  return {
    url,
    module: values.module ?? `@waybill/${scheme}`,
    minutes: above(0, values.minutes, "minutes"),
    strikes: values.strikes === undefined ? Infinity : above(0, values.strikes, "strikes"),
    faults: values.faults.split(",").map((name) => faultNamed(name.trim())),
    seed: above(-1, values.seed, "seed"),
    leaseMs: above(0, values.lease, "lease"),
    json,
    judge,
  };
}

function above(least: number, text: string, name: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value) && value > least) return value;
  throw new TypeError(`--${name} is ${JSON.stringify(text)}; give a number above ${least}`);
}
