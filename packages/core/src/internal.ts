import { json } from "./codec.ts";
import type { Definition } from "./definition.ts";
import { internalPrefix } from "./names.ts";

/** A topic or queue of Waybill's own, in the part of the names that users cannot take: `waybill.<name>`. */
export function internal<T>(kind: "topic" | "queue", name: string, ordered = false): Definition<T, T> {
  return {
    ...unchecked<T>(`${internalPrefix}${name}`, kind),
    ordered,
    shape: { kind, ordered, priorities: 1, retainMs: 0 },
    ...(ordered && { key: () => name }),
  };
}

/** A definition of data that core itself writes, as JSON; who reads it looks at it himself. */
export function unchecked<T>(name: string, kind: "topic" | "queue" = "topic"): Definition<T, T, false> {
  return {
    kind,
    name,
    ordered: false,
    shape: { kind, ordered: false, priorities: 1, retainMs: 0 },
    schema: { "~standard": { version: 1, vendor: "waybill", validate: (value) => ({ value: value as T }) } },
    codec: json,
    version: 1,
    older: [],
  };
}
