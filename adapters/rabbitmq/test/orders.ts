import { queue, type Queue } from "@waybill/core";

interface Order {
  readonly n: number;
}

const anything = {
  version: 1 as const,
  vendor: "test",
  types: { input: { n: 0 } as Order, output: { n: 0 } as Order },
  validate: (value: unknown): { readonly value: Order } => ({ value: value as Order }),
};

/** A queue whose data is not looked at. */
export const orders: Queue<Order> = queue("orders", { schema: { "~standard": anything } });
