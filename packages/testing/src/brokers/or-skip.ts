import process from "node:process";
import { NoBrokerError } from "./start-broker.ts";

/**
 * For a file of tests that are skipped where there is no broker: `await orSkip(startBroker("redis"))` is undefined then, after one
 * line on stderr that says how to get one. With CI=true that is an error and never a skip.
 * @throws NoBrokerError with CI=true
 */
export async function orSkip<T>(starting: Promise<T>): Promise<T | undefined> {
  try {
    return await starting;
  } catch (error) {
    if (!(error instanceof NoBrokerError) || process.env["CI"] === "true") throw error;
    process.stderr.write(`waybill: tests are skipped: ${error.message}\n`);
    return undefined;
  }
}
