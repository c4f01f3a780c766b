import { WaybillError } from "@waybill/core";

export interface MemoryAddress {
  /** Transports of one name in one process share what they hold. */
  readonly name: string;
  readonly seed: number | undefined;
}

/** Reads `memory:`, `memory:name`, `memory:name?seed=7`. @throws WaybillError `CONFIG` naming what cannot be read */
export function parseUrl(url: URL): MemoryAddress {
  for (const name of url.searchParams.keys()) {
    if (name !== "seed") throw new WaybillError("CONFIG", `memory: knows no parameter "${name}"; known is "seed"`);
  }
  const seed = url.searchParams.get("seed");
  if (seed !== null && !/^\d{1,15}$/.test(seed)) {
    throw new WaybillError("CONFIG", `memory: seed is ${JSON.stringify(seed)}; give a whole number`);
  }
  return { name: url.host + url.pathname, seed: seed === null ? undefined : Number(seed) };
}
