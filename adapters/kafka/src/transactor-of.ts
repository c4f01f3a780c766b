import { type Inbox, WaybillError } from "@waybill/core";
import { deadTopic, groupId } from "./names.ts";
import type { Shared } from "./shared.ts";
import { Transactor } from "./transactor.ts";

/** As long as a transaction is at most, ms. */
const longestMs = 60_000;

/** What does transactions in the name of a group; undefined where it is to have none. @throws WaybillError `CONFIG` */
export function transactorOf({ settings, driver, cluster, context }: Shared, inbox: Inbox): Transactor | undefined {
  if (!settings.transactions) return undefined;
  const { requestTimeoutMs, leaseMs, maxMessageBytes } = settings;
  const [records, steps] = [driver.session(requestTimeoutMs), driver.session(requestTimeoutMs)];
  const { transactions } = steps;
  if (transactions === undefined) throw new WaybillError("CONFIG", "kafka: the driver has no transactions");
  return new Transactor({
    group: groupId(context.namespace, inbox),
    fence: { topic: deadTopic(context.namespace, inbox), partition: 0, offset: 0, metadata: "" },
    sessions: { records, steps },
    transactions,
    cluster,
    clock: context.clock,
    // Readers wait for it to end, so it must not outlive a member that was killed for long.
    timeoutMs: Math.min(leaseMs, longestMs),
    patienceMs: requestTimeoutMs,
    maxBytes: maxMessageBytes - 1_000,
  });
}
