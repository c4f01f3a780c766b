import { z } from "zod";
import type { Settings } from "./schema.ts";
import { plain } from "./schema.ts";
import { unknownName } from "./section.ts";

/** Environment variables, as `process.env` holds them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Where the configuration file is, unless it is said otherwise. */
export const fileVariable = "WAYBILL_CONFIG";

/** The setting that each variable says. */
const variables = {
  WAYBILL_URL: "url",
  WAYBILL_NAMESPACE: "namespace",
  WAYBILL_SOURCE: "source",
  WAYBILL_TOPOLOGY: "topology",
  WAYBILL_PUBLISH_TIMEOUT: "publishTimeout",
  WAYBILL_MAX_BUFFERED_BYTES: "maxBufferedBytes",
} as const satisfies Readonly<Record<string, keyof typeof plain>>;

const prefix = "WAYBILL_";
const known = [...Object.keys(variables), fileVariable];
/** No settings: what tests are told, and what Kubernetes tells every pod of a service called "waybill". */
const others = /^WAYBILL_(SEED$|TEST_|(SERVICE|PORT)(_|$))/;

/** What the environment says: the settings, the variable each comes from, and a line for each mistake. */
export interface FromEnvironment {
  readonly settings: Settings;
  readonly origins: Readonly<Record<string, string>>;
  readonly flaws: readonly string[];
}

/** Reads the variables that begin with `WAYBILL_`; an empty one counts as not set. */
export function readEnvironment(environment: Environment): FromEnvironment {
  const settings: Record<string, unknown> = {};
  const origins: Record<string, string> = {};
  const flaws = unknownOf(environment);
  for (const [variable, name] of Object.entries(variables)) {
    const text = environment[variable];
    if (text === undefined || text === "") continue;
    const { data, error } = z.safeParse<z.ZodType>(plain[name], valueOf(name, text));
    if (error === undefined) Object.assign(settings, { [name]: data });
    else flaws.push(...error.issues.map(({ message }) => `${variable}: ${message}`));
    origins[name] = variable;
  }
  return { settings, origins, flaws };
}

function unknownOf(environment: Environment): string[] {
  return Object.keys(environment)
    .filter((name) => name.startsWith(prefix) && !known.includes(name) && !others.test(name))
    .map((name) => `${name}: ${unknownName(name, known, prefix)}`);
}

/** Numbers come as text; a time with its unit stays text. */
function valueOf(name: keyof typeof plain, text: string): unknown {
  const numeric = name === "publishTimeout" || name === "maxBufferedBytes";
  return numeric && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}
