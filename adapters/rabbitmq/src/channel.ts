import type { WaybillError } from "@waybill/core";
import type { Channel, ConfirmChannel } from "amqplib";
import type { Connection } from "./connection.ts";

/** Runs on a channel of its own, whose error harms nobody else. Rejects with what went wrong, in our words. */
export async function withChannel<T>(connection: Connection, work: (channel: Channel) => Promise<T>): Promise<T> {
  let isOpen = true;
  try {
    const channel = await connection.model.createChannel();
    let failure: unknown;
    channel.on("error", (error) => (failure ??= error));
    channel.once("close", () => (isOpen = false));
    try {
      return await work(channel);
    } catch (thrown) {
      throw failure ?? thrown;
    } finally {
      if (isOpen) await closeChannel(channel);
    }
  } catch (thrown) {
    throw connection.explain(thrown);
  }
}

/** Resolves when it is closed, whatever becomes of its connection meanwhile: amqplib's own `close` then never settles. */
export async function closeChannel(channel: Channel): Promise<void> {
  const closed = new Promise<void>((resolve) => channel.once("close", resolve));
  await Promise.race([closed, channel.close().catch(() => undefined)]);
}

/** A channel that stays. `closed` is called once, when it has ended, whoever ended it; why, in our words. */
export async function openChannel(connection: Connection, closed: (why: WaybillError) => void): Promise<Channel> {
  return listening(connection, await explained(connection, connection.model.createChannel()), closed);
}

/** The same, and the server confirms what is published on it. */
export async function openConfirming(
  connection: Connection,
  closed: (why: WaybillError) => void,
): Promise<ConfirmChannel> {
  return listening(connection, await explained(connection, connection.model.createConfirmChannel()), closed);
}

function listening<C extends Channel>(connection: Connection, channel: C, closed: (why: WaybillError) => void): C {
  let failure: unknown;
  channel.on("error", (error) => (failure ??= error));
  // The connection tells its own end after that of its channels.
  channel.once("close", () =>
    queueMicrotask(() => closed(connection.explain(failure ?? new Error("the channel is closed")))),
  );
  return channel;
}

async function explained<C>(connection: Connection, opening: Promise<C>): Promise<C> {
  try {
    return await opening;
  } catch (thrown) {
    throw connection.explain(thrown);
  }
}
