import type { Figure } from "./figure.ts";

/** Runs the bench named by the first argument and sends its figures to the parent process. */
const [, , name = ""] = process.argv;
const { measure } = (await import(`./bench/${name}.js`)) as { measure(): Promise<readonly Figure[]> };
process.send?.(await measure(), () => process.disconnect());
