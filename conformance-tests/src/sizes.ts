import assert from "node:assert/strict";
import type { Bench } from "./bench.ts";
import type { OwedRule } from "./case.ts";
import { rejection } from "./expect.ts";

const most = 64 * 2 ** 20;

/** Where limits are small enough to be reached in a test. */
export const testable: OwedRule = ({ maxBytes, maxHeaderBytes }) =>
  maxBytes <= most && maxHeaderBytes <= most ? "owed" : { needs: "limits of at most 64 MiB" };

/** The text with which an item of one digit for the queue has a body of exactly `maxBytes`. */
export async function largestText(bench: Bench, name: string): Promise<string> {
  const bus = await bench.connect();
  const { maxBytes } = bench.manifest;
  const tooLarge = { n: 1, text: "x".repeat(maxBytes) };
  const error = await rejection(() => bus.send(bench.queue({ name }), tooLarge), "TOO_LARGE");
  const bytes = /body of (\d+) bytes/.exec(error.message)?.[1];
  assert(bytes !== undefined, `the size is in the message: ${error.message}`);
  // It would find the short leases of the case run out while a body of this size is written.
  await bus.close();
  return "x".repeat(2 * maxBytes - Number(bytes));
}

/** The value with which a header of this name, alone, makes exactly `maxHeaderBytes`. */
export function longestHeader(bench: Bench, name: string): string {
  const own = "content-typeapplication/cloudevents+json".length + name.length;
  return "x".repeat(bench.manifest.maxHeaderBytes - own);
}
