import type { Readable } from "node:stream";
import { createInterface } from "node:readline";

/** A line of NDJSON, counted from 1: its value, or what is wrong with it. */
export type Line =
  | { readonly number: number; readonly bytes: number; readonly value: unknown; readonly flaw: undefined }
  | { readonly number: number; readonly bytes: number; readonly flaw: string };

/** The lines of a stream as they come; blank ones do not matter, a malformed one stops nothing. Rejects when reading fails. */
export async function* linesOf(input: Readable, signal: AbortSignal): AsyncGenerator<Line, void> {
  let failure: Error | undefined;
  input.once("error", (error) => (failure = error));
  const stop = (): void => void input.destroy();
  signal.addEventListener("abort", stop, { once: true });
  let number = 0;
  for await (const text of createInterface({ input, crlfDelay: Infinity })) {
    number += 1;
    const json = number === 1 ? text.replace(/^\uFEFF/, "") : text;
    if (json.trim() !== "") yield parsed(number, json);
    if (signal.aborted) break;
  }
  signal.removeEventListener("abort", stop);
  if (failure !== undefined && !signal.aborted) throw failure;
}

/** JSON that was given on the command line. */
export function parsed(number: number, json: string): Line {
  const bytes = Buffer.byteLength(json);
  try {
    return { number, bytes, value: JSON.parse(json), flaw: undefined };
  } catch (error) {
    return { number, bytes, flaw: `not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
}
