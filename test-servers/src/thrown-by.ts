import { WaybillError } from "@waybill/core";

/** The error that `run` throws. */
export function thrownBy(run: () => unknown): WaybillError {
  try {
    run();
  } catch (error) {
    if (error instanceof WaybillError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
