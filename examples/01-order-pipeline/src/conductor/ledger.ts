import { GroupLedger } from "./group-ledger.ts";
import type { Malformed } from "../read-orders.ts";
import type { Group, Report } from "./reports.ts";
import { monotonicMs } from "./reports.ts";

export interface PublishedOrder {
  readonly customerId: string;
  /** Counts the orders from 0, as they were read. */
  readonly position: number;
}

/** What the services have reported, put together. It knows nothing of the broker, so that it can be held against it. */
export class Ledger {
  /** The orders that the broker has confirmed, by id. */
  readonly orders: Map<string, PublishedOrder> = new Map();
  /** Why an order could not be published, by id. */
  readonly refused: Map<string, string> = new Map();
  readonly malformed: Malformed[] = [];
  readonly groups: Readonly<Record<Group, GroupLedger>> = {
    billing: new GroupLedger(),
    shipping: new GroupLedger(),
    email: new GroupLedger(),
  };
  /** Whether the input has been read to its end and every order been published. */
  complete = false;
  /** Grows with each report. */
  reports = 0;
  /** In ms by `monotonicMs`. */
  firstPublishedAt: number | undefined;
  lastPublishedAt: number | undefined;

  /** Takes down what one service says. */
  note(member: string, report: Report): void {
    this.reports += 1;
    if (report.kind === "published") this.#published(report);
    else if (report.kind === "refused") this.refused.set(report.orderId, report.error);
    else if (report.kind === "malformed") this.malformed.push({ line: report.line, reason: report.reason });
    else if (report.kind === "all-published") this.complete = true;
    else if (report.kind === "started") this.groups[report.group].started(member, report);
    else if (report.kind !== "ready") this.groups[report.group].finished(member, report);
  }

  /** The service was killed: what it had begun and not ended was cut short. Returns how many handlings. */
  killed(member: string): number {
    return Object.values(this.groups).reduce((sum, group) => sum + group.killed(member), 0);
  }

  #published({ orderId, customerId, position }: Extract<Report, { readonly kind: "published" }>): void {
    this.orders.set(orderId, { customerId, position });
    this.firstPublishedAt ??= monotonicMs();
    this.lastPublishedAt = monotonicMs();
  }
}
