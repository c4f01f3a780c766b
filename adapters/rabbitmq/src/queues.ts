import type { Options } from "amqplib";

/*
 * The arguments of our queues. They can never change, so they are few, the same on every version of the server, and follow from the
 * definition alone (LAY-1, LAY-2); what an operator limits, a policy limits.
 */

/** More deliveries than there can be: from RabbitMQ 4.0 on a queue that says nothing drops what was delivered twenty times. */
const unlimited = 2 ** 31 - 1;
/** At ten crashes core convicts a message; this ends those that kill their process before core has seen them. */
const crashes = 1_000;

type Arguments = Readonly<Record<string, string | number | boolean>>;

/** What is ready. What has crashed its members too often goes to the dead letters. */
export function ready(
  dead: string,
  { isSharded, expires }: { readonly isSharded: boolean; readonly expires: number | undefined },
): Options.AssertQueue {
  return quorum({
    "x-dead-letter-exchange": "",
    "x-dead-letter-routing-key": dead,
    "x-dead-letter-strategy": "at-least-once",
    "x-overflow": "reject-publish",
    // In a shard what waits behind a slow key is given back with it.
    "x-delivery-limit": isSharded ? unlimited : crashes,
    ...(isSharded ? { "x-single-active-consumer": true } : {}),
    ...lived(expires),
  });
}

/** Dead letters: looking at them is a delivery. Says the layout in an argument that has no effect. */
export function dead(layout: string, expires: number | undefined): Options.AssertQueue {
  return quorum({ ...said(layout), ...lived(expires) });
}

/** A topic's layout, and the names of its groups. */
export function card(layout: string): Options.AssertQueue {
  return quorum(said(layout));
}

/** Holds one message, the last. */
export function ledger(): Options.AssertQueue {
  return quorum({ "x-max-length": 1, "x-overflow": "drop-head", "x-delivery-limit": unlimited });
}

/** Holds one message, which never changes. */
export function birth(expires: number | undefined): Options.AssertQueue {
  return quorum({ "x-max-length": 1, "x-overflow": "drop-head", "x-delivery-limit": unlimited, ...lived(expires) });
}

/** What a topic keeps. The server forgets whole segments only, so what is in one with younger messages stays as long as they do. */
export function kept(retainMs: number): Options.AssertQueue {
  return {
    durable: true,
    arguments: {
      "x-queue-type": "stream",
      "x-max-age": `${Math.ceil(retainMs / 1_000) + 1}s`,
      "x-stream-max-segment-size-bytes": 2 ** 25,
    },
  };
}

/** What a shard gets before what is in its queue. */
export function past(): Options.AssertQueue {
  return quorum({ "x-delivery-limit": unlimited });
}

/** Holds one message: where a filling that is not done began. */
export function unfilled(expires: number | undefined): Options.AssertQueue {
  return quorum({ "x-max-length": 1, "x-overflow": "drop-head", "x-delivery-limit": unlimited, ...lived(expires) });
}

/** Holds nothing. */
export function members(): Options.AssertQueue {
  return quorum({});
}

/** Holds nothing, and takes everything. */
export function nowhere(): Options.AssertQueue {
  return quorum({ "x-max-length": 0, "x-overflow": "drop-head" });
}

/** Holds what is delayed for a time, and hands it to the next exchange. */
export function delay(ms: number, next: string): Options.AssertQueue {
  return quorum({
    "x-message-ttl": ms,
    "x-dead-letter-exchange": next,
    "x-dead-letter-strategy": "at-least-once",
    "x-overflow": "reject-publish",
  });
}

function quorum(rest: Arguments): Options.AssertQueue {
  return { durable: true, arguments: { "x-queue-type": "quorum", ...rest } };
}

/** Nothing is ever dead-lettered there, so it may hold our words: the server compares it, and tells both values. */
function said(layout: string): Arguments {
  return { "x-dead-letter-exchange": "", "x-dead-letter-routing-key": layout, "x-delivery-limit": unlimited };
}

function lived(expires: number | undefined): Arguments {
  return expires === undefined ? {} : { "x-expires": expires };
}
