import assert from "node:assert/strict";
import { type AnyDefinition, type Delivery, type SendResult, type WireMessage } from "@waybill/core";
import type { Bench } from "./bench.ts";

/** A message as another producer would put it on the carrier. */
export type RawMessage = Pick<WireMessage, "id"> & Partial<Pick<WireMessage, "key" | "headers" | "body">>;

/** Puts messages on the carrier past everything of core. */
export async function sendRaw(
  bench: Bench,
  { name, shape }: AnyDefinition,
  messages: readonly RawMessage[],
): Promise<readonly SendResult[]> {
  const transport = await bench.transport();
  const source = { kind: "source", name, shape } as const;
  await transport.declare([source]);
  const rest = { source: name, key: undefined, headers: {}, body: new Uint8Array(), deliverAt: undefined, priority: 0 };
  return transport.send(
    source,
    messages.map((message) => ({ ...rest, dedupe: message.id, ...message })),
    { deadline: Date.now() + bench.boundMs },
  );
}

/** Takes `count` messages of a queue as they travel, past everything of core. */
export async function receiveRaw(
  bench: Bench,
  { name, shape }: AnyDefinition,
  count: number,
): Promise<readonly Delivery[]> {
  const transport = await bench.transport();
  const inbox = { source: name, shape, group: name, ordered: false, ephemeral: false };
  await transport.declare([{ kind: "inbox", inbox, start: { from: "now", reset: false } }]);
  const seen: Delivery[] = [];
  const receiver = await transport.receive(
    inbox,
    { window: count, bytes: 2 ** 20, settle: "after" },
    { deliver: (batch) => void seen.push(...batch), lost: () => undefined },
  );
  await bench.eventually(
    `${count} messages`,
    () => seen.length,
    (length) => length >= count,
  );
  await receiver.settle(seen.map((delivery) => ({ delivery, outcome: "ack", sends: [] })));
  await receiver.close();
  assert.equal(seen.length, count, "messages");
  return seen;
}
