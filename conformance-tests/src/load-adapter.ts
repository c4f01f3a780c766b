import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import type { Adapter } from "@waybill/core";

/** The export `adapter` of a package, as the running project sees it or else as this one does, or of a file URL. */
export async function loadAdapter(module: string): Promise<Adapter> {
  const { adapter } = (await import(resolved(module))) as { readonly adapter: Adapter };
  return adapter;
}

function resolved(module: string): string {
  if (module.startsWith("file:")) return module;
  try {
    return pathToFileURL(createRequire(join(process.cwd(), "package.json")).resolve(module)).href;
  } catch {
    return module;
  }
}
