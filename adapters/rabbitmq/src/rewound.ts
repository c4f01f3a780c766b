import type { SendResult, WireMessage } from "@waybill/core";

/** What was stored behind something of its key that was not comes again after it: a key may go back, and is never turned round. */
export function rewound(
  messages: readonly Pick<WireMessage, "key">[],
  results: readonly SendResult[],
): readonly SendResult[] {
  if (results.every((result) => result === "stored")) return results;
  const open = new Map<string, SendResult>();
  return results.map((result, index) => {
    const key = messages[index]?.key;
    if (key === undefined) return result;
    if (result !== "stored" && !open.has(key) && (result.outcome === "unknown" || result.error.transient))
      open.set(key, { outcome: "unknown", error: result.error });
    return result === "stored" ? (open.get(key) ?? result) : result;
  });
}
