import type { StandardSchemaV1 } from "@standard-schema/spec";
import { WaybillError } from "./errors.ts";

/**
 * What the schema makes of `data`, or a promise of it where the schema is asynchronous; `place` opens the error.
 * @throws WaybillError `INVALID_DATA` naming the path of each flaw, never the value, which may be secret: some libraries
 * write it into their messages, and from these it is taken out (PUB-10, LIF-6)
 */
export function validate<Out>(
  schema: StandardSchemaV1<unknown, Out>,
  data: unknown,
  place: string,
): Out | Promise<Out> {
  const result = schema["~standard"].validate(data);
  if (result instanceof Promise) return result.then((settled) => outputOf(settled, data, place));
  return outputOf(result, data, place);
}

function outputOf<Out>(result: StandardSchemaV1.Result<Out>, data: unknown, place: string): Out {
  if (result.issues === undefined) return result.value;
  const flaws = result.issues.slice(0, 10).map((issue) => `${pathOf(issue)}: ${withoutValue(issue, data)}`);
  throw new WaybillError("INVALID_DATA", `${place} does not match its schema: ${flaws.join("; ")}`);
}

function pathOf(issue: StandardSchemaV1.Issue): string {
  const path = keysOf(issue).map(String).join(".");
  return path === "" ? "data" : path;
}

function keysOf({ path = [] }: StandardSchemaV1.Issue): readonly PropertyKey[] {
  return path.map((part) => (typeof part === "object" ? part.key : part));
}

/** Its message; a value of fewer than 4 characters stays, since it is likelier part of the sentence than a secret. */
function withoutValue(issue: StandardSchemaV1.Issue, data: unknown): string {
  let value = data;
  for (const key of keysOf(issue)) value = (value as Readonly<Record<PropertyKey, unknown>> | null | undefined)?.[key];
  const text = typeof value === "string" || typeof value === "number" || typeof value === "bigint" ? String(value) : "";
  return text.length < 4 ? issue.message : issue.message.replaceAll(text, "…");
}
