import type { Address, SendResult, Transport, WireMessage } from "@waybill/core";
import type { Mutant } from "../mutant.ts";
import { wrap } from "../wrap.ts";

/** What goes wrong with replies. */
export const replyingMutants: readonly Mutant[] = [
  {
    name: "loses-replies",
    caughtBy: ["RPC-1", "RPC-1/error", "RPC-1/killed"],
    mutate: onReply((_, __, replies) => Promise.resolve(replies.map((): SendResult => "stored"))),
  },
  {
    name: "swaps-replies",
    caughtBy: ["RPC-1"],
    mutate: onReply((transport, to, replies) => {
      const ids = replies.map(({ id }) => id).toReversed();
      const swapped = replies.map((reply, index) => ({ ...reply, id: ids[index] ?? reply.id }));
      return transport.send(to, swapped, { deadline: Date.now() + 5_000 });
    }),
  },
  {
    name: "takes-replies-for-nobody",
    caughtBy: ["RPC-1/gone"],
    mutate: onReply(async (transport, to, replies) => {
      const results = await transport.send(to, replies, { deadline: Date.now() + 5_000 });
      return results.map((): SendResult => "stored");
    }),
  },
];

function onReply(
  send: (transport: Transport, to: Address, replies: readonly WireMessage[]) => Promise<readonly SendResult[]>,
): Mutant["mutate"] {
  return (adapter) =>
    wrap(adapter, (transport) => ({
      send: (to, messages, options) =>
        to.kind === "reply" ? send(transport, to, messages) : transport.send(to, messages, options),
    }));
}
