import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { seededRandom } from "@waybill/core";

const items = ["tea", "ink", "twine", "lamp", "chair", "globe", "atlas", "kettle", "ribbon", "compass"];
const customers = 500;

/** NDJSON of `count` orders, a line each. The same seed gives the same text. */
export function generateOrders(count: number, seed: number): string {
  const random = seededRandom(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  let text = "";
  for (let number = 1; number <= count; number += 1) {
    const customerId = `c-${1 + below(customers)}`;
    const order = {
      orderId: `o-${String(number).padStart(5, "0")}`,
      customerId,
      email: `${customerId}@example.com`,
      item: items[below(items.length)],
      total: (100 + below(50_000)) / 100,
    };
    text += `${JSON.stringify(order)}\n`;
  }
  return text;
}

/** What orders.ndjson holds. */
export const shipped = { count: 10_000, seed: 1 };

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL("../orders.ndjson", import.meta.url), generateOrders(shipped.count, shipped.seed));
}
