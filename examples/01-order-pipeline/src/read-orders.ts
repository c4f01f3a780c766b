import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { Order } from "./topics.ts";

/** A line that holds no order, counted from 1. */
export interface Malformed {
  readonly line: number;
  readonly reason: string;
}

/** Reads NDJSON: yields the orders, tells of each line that holds none and goes on. Blank lines do not matter. */
export async function* readOrders(input: Readable, tell: (malformed: Malformed) => void): AsyncGenerator<Order, void> {
  const lineOf = new Map<string, number>();
  let line = 0;
  for await (const text of linesOf(input)) {
    line += 1;
    if (text.trim() === "") continue;
    const order = parse(text);
    const earlier = typeof order === "string" ? undefined : lineOf.get(order.orderId);
    if (typeof order === "string") tell({ line, reason: order });
    else if (earlier !== undefined)
      tell({ line, reason: `orderId: "${order.orderId}" stands in line ${earlier} already` });
    else {
      lineOf.set(order.orderId, line);
      yield order;
    }
  }
}

/** The order in a line, or what is wrong with it. */
function parse(text: string): Order | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return `not JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
  const { data, error } = Order.safeParse(value);
  if (data !== undefined) return data;
  return error.issues
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join(".")}: ${message}`))
    .join("; ");
}

/** The lines of a stream; rejects when reading fails, which readline alone would hide. */
async function* linesOf(input: Readable): AsyncGenerator<string, void> {
  let failure: Error | undefined;
  input.once("error", (error) => (failure = error));
  let first = true;
  for await (const line of createInterface({ input, crlfDelay: Infinity })) {
    yield first ? line.replace(/^\uFEFF/, "") : line;
    first = false;
  }
  if (failure !== undefined) throw failure;
}
