import process from "node:process";
import type { Broker } from "./broker.ts";
import { type BrokerOptionsOf, NoBrokerError, startBroker } from "./start-broker.ts";

/**
 * `startBroker` for a file of tests that are skipped where there is no broker: resolves to undefined then, after one line on
 * stderr that says how to get one. With CI=true that is an error and never a skip.
 * @throws NoBrokerError with CI=true
 */
export async function brokerOrSkip<Kind extends keyof BrokerOptionsOf>(
  kind: Kind,
  options?: BrokerOptionsOf[Kind],
): Promise<Broker | undefined> {
  try {
    return await startBroker(kind, options);
  } catch (error) {
    if (!(error instanceof NoBrokerError) || process.env["CI"] === "true") throw error;
    process.stderr.write(`waybill: tests are skipped: ${error.message}\n`);
    return undefined;
  }
}
