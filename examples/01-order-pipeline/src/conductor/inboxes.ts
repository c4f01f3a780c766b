import type { Bus, Depth, InboxHandle } from "@waybill/core";
import type { Group } from "./reports.ts";
import { groups } from "./reports.ts";
import { emailSend, orderPlaced } from "../topics.ts";

export type Inboxes = Readonly<Record<Group, InboxHandle>>;
export type Depths = Readonly<Record<Group, Depth>>;

/** The inboxes of all services. */
export function openInboxes(bus: Bus): Inboxes {
  return {
    billing: bus.inbox(orderPlaced, "billing", { ordered: false }),
    shipping: bus.inbox(orderPlaced, "shipping"),
    email: bus.inbox(emailSend),
  };
}

/** How full each inbox is. */
export async function depthsOf(inboxes: Inboxes): Promise<Depths> {
  const [billing, shipping, email] = await Promise.all([
    inboxes.billing.stats(),
    inboxes.shipping.stats(),
    inboxes.email.stats(),
  ]);
  return { billing, shipping, email };
}

/** Whether nothing is left to be handled, as far as the broker can tell. */
export function areEmpty(depths: Depths): boolean {
  return groups.every((group) => {
    const { ready = 0, inFlight = 0, delayed = 0 } = depths[group];
    return ready + inFlight + delayed === 0;
  });
}

/** Whether the broker has told everything that may be left. */
export function tellAll(depths: Depths): boolean {
  return groups.every((group) => depths[group].inFlight !== undefined && depths[group].delayed !== undefined);
}
