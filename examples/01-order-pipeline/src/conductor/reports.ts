import type { Malformed } from "../read-orders.ts";

/** The groups whose messages are followed, each by its service's name. */
export const groups = ["billing", "shipping", "email"] as const;
export type Group = (typeof groups)[number];

/** What a service tells the conductor. `handling` numbers the handlings of one service; `at` is in ms by `monotonicMs`. */
export type Report =
  | { readonly kind: "ready" }
  | { readonly kind: "published"; readonly orderId: string; readonly customerId: string; readonly position: number }
  | { readonly kind: "refused"; readonly orderId: string; readonly error: string }
  | ({ readonly kind: "malformed" } & Malformed)
  | { readonly kind: "all-published" }
  | {
      readonly kind: "started";
      readonly group: Group;
      readonly handling: number;
      readonly orderId: string;
      readonly attempt: number;
      readonly at: number;
    }
  | { readonly kind: "succeeded" | "failed"; readonly group: Group; readonly handling: number; readonly at: number };

/** A clock that all processes of this machine share and nobody sets. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}
