import { WaybillError } from "./errors.ts";

const opening = "exists with another layout:";

/**
 * Compares what exists with what is asked for, member by member of the latter; `what` opens the error (LAY-1).
 * @throws WaybillError `TOPOLOGY_MISMATCH` naming each difference
 */
export function checkLayout(what: string, there: object, asked: object): void {
  const has = new Map<string, unknown>(Object.entries(there));
  const differences = Object.entries(asked)
    .filter(([name, value]) => has.get(name) !== value)
    .map(([name, value]) => `${name} is ${String(has.get(name))}, asked for is ${String(value)}`);
  if (differences.length === 0) return;
  throw new WaybillError(
    "TOPOLOGY_MISMATCH",
    `${what} ${opening} ${differences.join("; ")}; use another name, or remove it first`,
  );
}

/**
 * What is there, as far as it differs, by the error of `checkLayout`: for tools, which have to find out what only the code of
 * others says. Empty for any other error.
 */
export function layoutThere(error: unknown): ReadonlyMap<string, string> {
  if (!(error instanceof Error) || !("code" in error) || error.code !== "TOPOLOGY_MISMATCH") return new Map();
  const differences = error.message.slice(error.message.lastIndexOf(opening));
  return new Map(
    [...differences.matchAll(/(\w+) is (\w+), asked for is/g)].map(([, name = "", value = ""]) => [name, value]),
  );
}
