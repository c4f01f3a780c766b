import type { Figure } from "./figure.ts";

/** Runs the bench named by the first argument and sends its figures to the parent process. */
const [, , name = ""] = process.argv;
const bench = (await import(`./bench/${name}.js`)) as { readonly measure: () => Promise<readonly Figure[]> };
process.send?.(await bench.measure(), () => process.disconnect());
