import type { StandardSchemaV1 } from "@standard-schema/spec";
import { WaybillError } from "./errors.ts";

/**
 * What the schema makes of `data`, or a promise of it where the schema is asynchronous; `place` opens the error.
 * @throws WaybillError `INVALID_DATA` naming the path of each flaw, never the value, which may be secret (PUB-10, LIF-6)
 */
export function validate<Out>(schema: StandardSchemaV1<unknown, Out>, data: unknown, place: string): Out | Promise<Out> {
  const result = schema["~standard"].validate(data);
  if (result instanceof Promise) return result.then((settled) => outputOf(settled, place));
  return outputOf(result, place);
}

function outputOf<Out>(result: StandardSchemaV1.Result<Out>, place: string): Out {
  if (result.issues === undefined) return result.value;
  const flaws = result.issues.slice(0, 10).map((issue) => `${pathOf(issue)}: ${issue.message}`);
  throw new WaybillError("INVALID_DATA", `${place} does not match its schema: ${flaws.join("; ")}`);
}

function pathOf(issue: StandardSchemaV1.Issue): string {
  const path = (issue.path ?? []).map((part) => String(typeof part === "object" ? part.key : part)).join(".");
  return path === "" ? "data" : path;
}
