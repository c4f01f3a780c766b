import { type Clock, WaybillError } from "@waybill/core";
import type { ConsumeMessage } from "amqplib";
import { closeChannel, openChannel } from "./channel.ts";
import type { Connection } from "./connection.ts";

/** How many messages may be on their way from the server. */
const ahead = 64;
/** So many bytes may have come before they are wanted, and what is on its way then. */
const room = 2 ** 22;
const usualHeaders = 500;
/** Clocks differ, and the server knows when it has stored a message, not when that was published. */
const slackMs = 3_600_000;

export interface Reading {
  readonly queue: string;
  /** From what was stored about then on, epoch ms, or from the first. */
  readonly since: number | "first";
  readonly clock: Clock;
  /** How long the server may give nothing, ms. */
  readonly patienceMs: number;
}

/** What a stream holds and what comes to it, in its order, without end. */
export async function* readKept(
  connection: Connection,
  { queue, since, clock, patienceMs }: Reading,
): AsyncGenerator<ConsumeMessage, void> {
  const came: ConsumeMessage[] = [];
  let bytes = 0;
  let over: WaybillError | undefined;
  let wake: () => void = () => undefined;
  const channel = await openChannel(connection, (why) => {
    over ??= why;
    wake();
  });
  try {
    await channel.prefetch(ahead);
    const take = (message: ConsumeMessage | null): void => {
      if (message === null)
        over ??= new WaybillError("UNAVAILABLE", `rabbitmq: the server has ended the reading of "${queue}"`);
      else {
        came.push(message);
        bytes += message.content.length + usualHeaders;
        if (bytes < room) channel.ack(message, true);
      }
      wake();
    };
    await channel.consume(queue, take, { arguments: { "x-stream-offset": offsetOf(since) } });
    for (;;) {
      const batch = came.splice(0);
      const isHeld = bytes >= room;
      bytes = 0;
      if (over === undefined && isHeld) channel.ackAll();
      yield* batch;
      if (over !== undefined) throw over as WaybillError;
      if (came.length > 0) continue;
      const { promise, resolve } = Promise.withResolvers<boolean>();
      wake = () => resolve(true);
      const cancel = clock.after(patienceMs, () => resolve(false));
      const isAwake = await promise;
      cancel();
      if (!isAwake)
        throw new WaybillError("UNAVAILABLE", `rabbitmq: nothing came from "${queue}" for ${patienceMs} ms`);
    }
  } catch (thrown) {
    throw over ?? connection.explain(thrown);
  } finally {
    if (over === undefined) await closeChannel(channel);
  }
}

/** The server counts whole seconds. */
function offsetOf(since: number | "first"): unknown {
  if (since === "first") return since;
  return { "!": "timestamp", value: Math.max(0, Math.floor((since - slackMs) / 1_000)) };
}
