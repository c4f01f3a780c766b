import type { Depth } from "@waybill/core";
import { maxAttempts } from "../billing.ts";
import type { GroupLedger } from "./group-ledger.ts";
import type { Ledger } from "./ledger.ts";
import { orderViolations } from "./order-check.ts";
import type { Fault } from "../payments.ts";
import { faultOf } from "../payments.ts";
import type { Group } from "./reports.ts";
import { groups } from "./reports.ts";

/** What a run has come to: what the services said, and beside it what the broker says. */
export interface Outcome {
  readonly ledger: Ledger;
  /** The ids of billing's dead letters before they were redriven. */
  readonly deadLetters: readonly string[];
  readonly redriven: number;
  /** The inboxes at the end. */
  readonly depths: Readonly<Record<Group, Depth>>;
}

/** How often billing must fail with an order of a fault. */
const failuresOf: Readonly<Record<Fault, number>> = { flaky: 2, down: maxAttempts, refused: 1 };

/** A line for every sum that does not balance; none when all is well. */
export function imbalances(outcome: Outcome): readonly string[] {
  const { ledger } = outcome;
  const { billing, shipping, email } = ledger.groups;
  const orders = new Set(ledger.orders.keys());
  const billed = new Set(billing.handled.keys());
  return [
    ...refusals(ledger),
    ...(ledger.complete ? [] : ["orders: the input was not read to its end"]),
    ...difference("billing: orders published", orders, "orders billed", billed),
    ...difference("shipping: orders published", orders, "orders shipped", new Set(shipping.handled.keys())),
    ...difference("email: orders billed", billed, "emails sent", new Set(email.handled.keys())),
    ...difference("billing: orders that fail for good", faulty(orders), "dead letters", new Set(outcome.deadLetters)),
    ...sum("billing: dead letters", outcome.deadLetters.length, "redriven", outcome.redriven),
    ...sum("billing: failures by the faults", failuresAsked(orders), "attempts failed", billing.failures.size),
    ...groups.flatMap((group) =>
      groupSums(group, ledger.groups[group], group === "billing" ? outcome.deadLetters.length : 0),
    ),
    ...groups.flatMap((group) => leftovers(group, outcome.depths[group])),
    ...firstFew("shipping: out of order", orderViolations(shipping.handlings, ledger.orders)),
  ];
}

function refusals({ refused }: Ledger): readonly string[] {
  const [first] = refused;
  if (first === undefined) return [];
  return [`orders: ${refused.size} could not be published, such as ${first[0]}: ${first[1]}`];
}

function groupSums(group: Group, ledger: GroupLedger, dead: number): readonly string[] {
  const { received, handled, failures, retries, duplicates, cutShort, unfinished } = ledger;
  const ends = handled.size + failures.size + duplicates + cutShort;
  return [
    ...sum(`${group}: received`, received, "handled + failed + duplicates + cut short", ends),
    ...sum(`${group}: attempts failed`, failures.size, "retried + dead", retries.size + dead),
    ...sum(`${group}: begun and never ended`, unfinished, "allowed", 0),
  ];
}

/** Everything must be gone from an inbox; what the broker cannot tell is not held against it. */
function leftovers(group: Group, depth: Depth): readonly string[] {
  return (["ready", "inFlight", "delayed", "dead"] as const).flatMap((lane) =>
    sum(`${group}: ${lane === "inFlight" ? "in flight" : lane} at the end`, depth[lane] ?? 0, "allowed", 0),
  );
}

function sum(what: string, value: number, against: string, other: number): readonly string[] {
  return value === other ? [] : [`${what} ${value}, ${against} ${other}`];
}

/** Two sets that must be the same; which elements are not is said. */
function difference(
  what: string,
  one: ReadonlySet<string>,
  against: string,
  other: ReadonlySet<string>,
): readonly string[] {
  const missing = [...one].filter((id) => !other.has(id));
  const extra = [...other].filter((id) => !one.has(id));
  if (missing.length + extra.length === 0) return [];
  const named = [
    ...missing.slice(0, 3).map((id) => `${id} missing`),
    ...extra.slice(0, 3).map((id) => `${id} unexpected`),
  ];
  return [
    `${what} ${one.size}, ${against} ${other.size}: ${named.join(", ")}${missing.length + extra.length > named.length ? ", …" : ""}`,
  ];
}

function firstFew(what: string, details: readonly string[]): readonly string[] {
  if (details.length === 0) return [];
  return [`${what} ${details.length} times: ${details.slice(0, 3).join("; ")}`];
}

function faulty(orders: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...orders].filter((id) => faultOf(id) === "down" || faultOf(id) === "refused"));
}

function failuresAsked(orders: ReadonlySet<string>): number {
  let asked = 0;
  for (const id of orders) {
    const fault = faultOf(id);
    if (fault !== undefined) asked += failuresOf[fault];
  }
  return asked;
}
