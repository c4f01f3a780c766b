import { queue, type Queue } from "@waybill/core";
import { unchecked } from "@waybill/test-servers";

interface Order {
  readonly n: number;
}

/** A queue whose data is not looked at. */
export const orders: Queue<Order> = queue("orders", { schema: unchecked<Order>() });
