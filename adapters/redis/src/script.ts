import { createHash } from "node:crypto";

/** A Lua script: one of each is made when the module is loaded, and run by many. */
export interface Script {
  readonly lua: string;
}

const digests = new WeakMap<Script, string>();

/** The name by which a server that has the script once knows it again. */
export function digestOf(script: Script): string {
  const known = digests.get(script);
  if (known !== undefined) return known;
  const digest = createHash("sha1").update(script.lua).digest("hex");
  digests.set(script, digest);
  return digest;
}
