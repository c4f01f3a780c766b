import type { Outcome } from "./balance.ts";
import { orderViolations } from "./order-check.ts";
import { groups } from "./reports.ts";
import { table } from "./table.ts";

/** How many malformed lines are named. */
const named = 20;

/** The figures of a run, per group: everything received is handled, retried, dead, a duplicate or was cut short. */
export function summary({ ledger, deadLetters, redriven }: Outcome): readonly string[] {
  const { orders, malformed } = ledger;
  const rows = groups.map((group) => {
    const { received, handled, retries, duplicates, cutShort, rate } = ledger.groups[group];
    const dead = group === "billing" ? [deadLetters.length, redriven] : [0, 0];
    return [group, received, handled.size, retries.size, ...dead, duplicates, cutShort, Math.round(rate)];
  });
  const head = ["group", "received", "handled", "retried", "dead", "redriven", "duplicates", "cut short", "per second"];
  return [
    `Published ${orders.size.toLocaleString("en")} orders${publishRate(ledger)}.`,
    "",
    ...table([head, ...rows]),
    "",
    orderPerCustomer(ledger),
    ...(malformed.length === 0 ? [] : [`Malformed lines left out: ${lines(malformed.map(({ line }) => line))}`]),
  ];
}

/** Fewer orders than this say nothing about how many would be published in a second. */
const telling = 1_000;

function publishRate({ orders, firstPublishedAt = 0, lastPublishedAt = 0 }: Outcome["ledger"]): string {
  if (orders.size < telling) return "";
  const rate = Math.round((orders.size * 1_000) / (lastPublishedAt - firstPublishedAt));
  return `, ${rate.toLocaleString("en")} per second`;
}

function orderPerCustomer({ groups: { shipping }, orders }: Outcome["ledger"]): string {
  const customers = new Set([...orders.values()].map(({ customerId }) => customerId)).size.toLocaleString("en");
  const violations = orderViolations(shipping.handlings, orders).length;
  return `Order per customer: ${violations === 0 ? `kept for all ${customers} customers` : `broken ${violations} times`}`;
}

function lines(numbers: readonly number[]): string {
  const rest = numbers.length - named;
  return `${numbers.length} (${numbers.slice(0, named).join(", ")}${rest > 0 ? ` and ${rest} more` : ""})`;
}
