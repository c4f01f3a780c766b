import { WaybillError } from "./errors.ts";

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
    `${what} exists with another layout: ${differences.join("; ")}; use another name, or remove it first`,
  );
}
