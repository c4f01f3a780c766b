import type { Handling } from "./group-ledger.ts";
import type { PublishedOrder } from "./ledger.ts";

/**
 * What speaks against the order per customer: each of a customer's orders may begin only after the one before has ended, as
 * they were published. An order that comes twice in a row, because its handling was cut short, is no offence.
 */
export function orderViolations(
  handlings: readonly Handling[],
  orders: ReadonlyMap<string, PublishedOrder>,
): readonly string[] {
  const violations: string[] = [];
  const latest = new Map<string, { readonly handling: Handling; readonly position: number }>();
  for (const handling of handlings.toSorted((one, other) => one.startedAt - other.startedAt)) {
    const order = orders.get(handling.orderId);
    if (order === undefined) continue;
    const { customerId, position } = order;
    const before = latest.get(customerId);
    if (before !== undefined) {
      const { orderId, endedAt } = before.handling;
      if (before.position > position) violations.push(`${customerId}: ${handling.orderId} came after ${orderId}`);
      else if ((endedAt ?? 0) > handling.startedAt) {
        violations.push(`${customerId}: ${handling.orderId} began before ${orderId} had ended`);
      }
    }
    latest.set(customerId, { handling, position });
  }
  return violations;
}
