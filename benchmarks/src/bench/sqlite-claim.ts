import { join } from "node:path";
import { type Delivery, type Inbox, type Source, type Transport, type WireMessage } from "@waybill/core";
import { startConsumer } from "../consumer.ts";
import { median, type Figure } from "../figure.ts";
import { openFile } from "../seam.ts";
import { scratch } from "../scratch.ts";
import { orders } from "../topics.ts";

const [few, many] = [1_000, 1_000_000];
const rounds = 400;
const drained = 200_000;
const batch = 5_000;

const { name, shape } = orders;
const source: Source = { kind: "source", name, shape };
const inbox: Inbox = { source: name, shape, group: "bench", ordered: false, ephemeral: false };

/** What taking one message out costs when many wait, and how much memory a consumer needs that meets them. */
export async function measure(): Promise<readonly Figure[]> {
  using directory = scratch();
  const url = (waiting: number): string => `sqlite:${join(directory.path, `${waiting}.db`)}`;
  const claims = new Map<number, number>();
  for (const waiting of [few, many]) {
    const transport = await openFile(url(waiting));
    await fill(transport, waiting);
    claims.set(waiting, await claimOneByOne(transport));
    await transport.close();
  }
  const { consumed } = await startConsumer(url(many), drained, "unordered");
  const { memory } = await consumed;
  const bounded = await startConsumer(url(many), drained, "unordered", ["--max-semi-space-size=4"]);
  return [
    {
      what: "SQLite, a settle and claim with 1 000 000 waiting, against 1 000",
      unit: "ratio",
      value: (claims.get(many) ?? Number.NaN) / (claims.get(few) ?? Number.NaN),
      better: "less",
      goal: 1.5,
    },
    {
      what: "memory of a consumer that meets a million, above idle",
      unit: "MB",
      value: memory,
      better: "less",
      goal: 100,
    },
    {
      what: "the same where V8's young generation is bounded (--max-semi-space-size=4)",
      unit: "MB",
      value: (await bounded.consumed).memory,
      better: "less",
    },
  ];
}

async function fill(transport: Transport, count: number): Promise<void> {
  await transport.declare([source, { kind: "inbox", inbox, start: { from: "now", reset: false } }]);
  const headers = { "content-type": "application/cloudevents+json" };
  const rest = { source: name, key: undefined, headers, deliverAt: undefined, priority: 0 };
  for (let at = 0; at < count; at += batch) {
    const size = Math.min(batch, count - at);
    const messages = Array.from({ length: size }, (_, index): WireMessage => {
      const id = `m-${at + index}`;
      return { id, dedupe: id, body: eventOf(id), ...rest };
    });
    await transport.send(source, messages, { deadline: Infinity });
  }
}

/** A small order as core writes it. */
function eventOf(id: string): Uint8Array {
  const data = { orderId: "o-1", customerId: "c-7", total: 42, note: "" };
  return Buffer.from(
    JSON.stringify({ specversion: "1.0", id, source: "bench", type: name, time: "2026-01-01T00:00:00.000Z", data }),
  );
}

/** The median of how long it takes from settling one to having the next, ms. */
async function claimOneByOne(transport: Transport): Promise<number> {
  let next = Promise.withResolvers<Delivery>();
  const sink = { deliver: ([first]: readonly Delivery[]) => first && next.resolve(first), lost: () => undefined };
  const receiver = await transport.receive(inbox, { window: 1, bytes: 1e6, settle: "after" }, sink);
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const delivery = await next.promise;
    next = Promise.withResolvers();
    const from = performance.now();
    void receiver.settle([{ delivery, outcome: "ack", sends: [] }]);
    await next.promise;
    times.push(performance.now() - from);
  }
  await receiver.close();
  return median(times);
}
