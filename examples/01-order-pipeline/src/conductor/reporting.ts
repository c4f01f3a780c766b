import type { Middleware } from "@waybill/core";
import type { Reporter } from "./reporter.ts";
import type { Group } from "./reports.ts";
import { monotonicMs } from "./reports.ts";

/**
 * A middleware that reports every handling. The end is reported before the handler returns and with that before the message is
 * acknowledged: what the broker counts as handled, the conductor has heard of, whoever is killed in between.
 */
export function reporting(group: Group, reporter: Reporter): Middleware {
  let count = 0;
  return {
    name: "reporting",
    handle: (next) => async (message) => {
      const handling = count++;
      const { correlationId: orderId, attempt } = message;
      void reporter.tell({ kind: "started", group, handling, orderId, attempt, at: monotonicMs() });
      try {
        await next(message);
      } catch (error) {
        await reporter.tell({ kind: "failed", group, handling, at: monotonicMs() });
        throw error;
      }
      await reporter.tell({ kind: "succeeded", group, handling, at: monotonicMs() });
    },
  };
}
