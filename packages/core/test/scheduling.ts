import type { Bus, BusReport, ConnectOptions } from "@waybill/core";
import { connect, queue } from "@waybill/core";
import { adapter as memory } from "@waybill/memory";
import { seededRandom, virtualClock } from "@waybill/testing";
import { expect } from "vitest";
import { z } from "zod";

const reports = queue("reports", { schema: z.object({ of: z.string() }) });
export const every10 = { cron: "*/10 * * * * *", to: reports, data: { of: "all" } } as const;
export const start = Date.UTC(2025, 0, 1);
let brokers = 0;

/** A broker of its own that many instances connect to, and a worker that writes down what comes. */
export async function open(options: ConnectOptions = {}) {
  const clock = virtualClock(start);
  const url = `memory:schedules-test-${(brokers += 1)}`;
  const told: BusReport[] = [];
  const buses: Bus[] = [];
  const instance = async (over: ConnectOptions = {}): Promise<Bus> => {
    const bus = await connect(url, {
      clock,
      random: seededRandom(brokers),
      adapters: [memory],
      onReport: (report) => told.push(report),
      ...options,
      ...over,
    });
    buses.push(bus);
    return bus;
  };
  const worker = await connect(url, { clock, adapters: [memory] });
  const seen: { id: string; of: string; at: number }[] = [];
  await worker.work(reports, {}, ({ id, data }) => void seen.push({ id, of: data.of, at: clock.now() - start }));
  const close = async (): Promise<void> => {
    await Promise.all([worker, ...buses].map((bus) => bus.close()));
    expect(clock.pending).toBe(0);
  };
  return { clock, instance, told, seen, close, worker };
}

/** The id of the tick of so many seconds after the start. */
export function tickAt(seconds: number): string {
  return `report@${new Date(start + seconds * 1_000).toISOString()}`;
}
