import { type BusReport, connect } from "@waybill/core";
import { expect } from "vitest";
import { redis } from "../src/redis.ts";
import { orders } from "./fixtures/orders.ts";
import { eventually } from "./rig.ts";

/** Publishers and a consumer of a queue that are at it all the time. */
export interface Traffic extends AsyncDisposable {
  /** How often each was handled to a good end. */
  readonly handled: ReadonlyMap<unknown, number>;
  readonly confirmed: ReadonlySet<unknown>;
  readonly reports: readonly BusReport[];
  /** Resolves when so many more have been published and handled. */
  goesOn(count?: number): Promise<void>;
  /** Publishes no more, and resolves when all that was confirmed has been handled. */
  stop(): Promise<void>;
}

const inFlight = 20;

/** Every third handling fails once, so that there is something to retry. */
export async function trafficOn(url: string, options: object = {}): Promise<Traffic> {
  const reports: BusReport[] = [];
  const bus = await connect(url, {
    adapters: [redis],
    options: { leaseMs: 1_000, commandTimeoutMs: 2_000, ...options },
    onReport: (report) => void reports.push(report),
  });
  const handled = new Map<unknown, number>();
  const confirmed = new Set<unknown>();
  const retry = { maxAttempts: 20, delay: "1ms" } as const;
  await bus.work(orders, { concurrency: 20, retry }, ({ data, attempt }) => {
    if (Number(data) % 3 === 0 && attempt === 1) throw new Error("once");
    handled.set(data, (handled.get(data) ?? 0) + 1);
  });
  let next = 0;
  let isOver = false;
  const publish = async (): Promise<void> => {
    while (!isOver) {
      next += 1;
      const number = next;
      await bus.send(orders, number).then(
        () => confirmed.add(number),
        () => undefined,
      );
    }
  };
  const publishers = Array.from({ length: inFlight }, publish);
  return {
    handled,
    confirmed,
    reports,
    async goesOn(count = 200) {
      const [published, done] = [confirmed.size + count, handled.size + count];
      await eventually(() => expect([confirmed.size >= published, handled.size >= done]).toEqual([true, true]));
    },
    async stop() {
      isOver = true;
      await Promise.all(publishers);
      await eventually(() => expect([...confirmed].filter((number) => !handled.has(number))).toEqual([]));
    },
    async [Symbol.asyncDispose]() {
      isOver = true;
      await bus.close({ grace: "1s" });
    },
  };
}
