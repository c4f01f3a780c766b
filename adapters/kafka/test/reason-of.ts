import { DriverError } from "../src/driver.ts";

/** Of what kind a request's failure is, and its reason; `undefined` where it did not fail. */
export async function reasonOf(work: () => Promise<unknown>): Promise<string> {
  const error = await work().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return error instanceof DriverError ? `${error.kind} ${error.reason}` : String(error);
}
