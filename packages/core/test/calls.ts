import type { Adapter, Bus, BusReport, ConnectOptions, DeadLetter, Inbox, InboxHandle, Transport } from "@waybill/core";
import { call, connect } from "@waybill/core";
import { adapter as memory } from "@waybill/memory";
import { seededRandom, virtualClock } from "@waybill/testing";
import { expect } from "vitest";
import { z } from "zod";

export const price = call("price.get", {
  request: z.object({ item: z.string() }),
  reply: z.object({ cents: z.number(), at: z.string().transform((text) => new Date(text)) }),
});
export const at = "2025-01-01T00:00:00.000Z";
export const answer = { cents: 5, at };
let brokers = 0;

/** Two buses on a broker of its own, one that asks and one that answers. */
export async function open(options: ConnectOptions = {}) {
  const clock = virtualClock();
  const reports: BusReport[] = [];
  const url = `memory:calls-test-${(brokers += 1)}`;
  const again = (source: string): Promise<Bus> =>
    connect(url, {
      clock,
      random: seededRandom(brokers),
      adapters: [memory],
      source,
      onReport: (report) => reports.push(report),
      ...options,
    });
  const [asking, answering] = [await again("asking"), await again("answering")];
  const close = async (): Promise<void> => {
    await Promise.all([asking.close(), answering.close()]);
    expect(clock.pending).toBe(0);
  };
  return { clock, reports, asking, answering, again, close };
}

export async function lettersIn(inbox: InboxHandle): Promise<readonly DeadLetter[]> {
  const letters: DeadLetter[] = [];
  for await (const letter of inbox.deadLetters.list()) letters.push(letter);
  return letters;
}

/** The memory carrier with some of its transport done otherwise. */
export function altered(changes: (transport: Transport) => Partial<Transport>): Adapter {
  return {
    ...memory,
    async connect(url, context) {
      const transport = await memory.connect(url, context);
      const changed = changes(transport);
      return new Proxy(transport, {
        get(target, name: keyof Transport): unknown {
          const value: unknown = changed[name] ?? target[name];
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
    },
  };
}

/** The memory carrier, whose receivers of some inboxes are there before whoever asked for them is told. */
export function receivingLate(which: (from: Inbox) => boolean = () => true): {
  readonly adapter: Adapter;
  readonly release: () => void;
} {
  const { promise, resolve } = Promise.withResolvers<void>();
  const adapter = altered((transport) => ({
    async receive(from, flow, sink) {
      const receiver = await transport.receive(from, flow, sink);
      if (which(from)) await promise;
      return receiver;
    },
  }));
  return { adapter, release: resolve };
}
