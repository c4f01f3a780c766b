import { atMost } from "./at-most.ts";
import type { Clock } from "./clock.ts";
import { toWaybillError, WaybillError } from "./errors.ts";
import type { Depth, Inbox, Receiver, Transport } from "./seam.ts";

/** What can be asked of a consumer that runs nothing. */
interface Idler {
  /** Since when (epoch ms) it has had nothing to do though it would take something; undefined where it has or would not. */
  readonly idleSince: number | undefined;
  readonly receiver: Receiver | undefined;
}

export interface StallContext {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly inbox: Inbox;
  readonly idler: Idler;
}

/** How long the carrier may take to say how much is waiting, ms. */
const answerMs = 5_000;
/** After how long a suspicion is looked at once more, ms: what fell due this very moment is on its way. */
const doubtMs = 250;

/**
 * Why a consumer that looks alive makes no progress, undefined where it does or rightly has none to make: messages are ready in
 * its inbox and it has got nothing for `stalledAfterMs`, or the carrier does not answer (LIF-3).
 */
export async function stallOf(context: StallContext, stalledAfterMs: number): Promise<WaybillError | undefined> {
  const { clock } = context;
  try {
    const suspicion = await look(context, stalledAfterMs);
    if (suspicion === undefined) return undefined;
    await atMost(clock, doubtMs, new Promise(() => undefined));
    return await look(context, stalledAfterMs);
  } catch (error) {
    return toWaybillError(error, "UNAVAILABLE");
  }
}

async function look(
  { transport, clock, inbox, idler }: StallContext,
  after: number,
): Promise<WaybillError | undefined> {
  const isIdle = (): boolean => idler.idleSince !== undefined && clock.now() - idler.idleSince >= after;
  if (!isIdle()) return undefined;
  const depth = await answered(transport, clock, inbox);
  const { ready = 0, oldestAt = -Infinity } = depth;
  if (ready === 0 || clock.now() - oldestAt < after || mayBeHeldUp(inbox, depth, idler) || !isIdle()) return undefined;
  return new WaybillError(
    "STALLED",
    `${ready} message(s) are ready in group "${inbox.group}" of "${inbox.source}", and this consumer has got none for ` +
      `${clock.now() - (idler.idleSince ?? 0)} ms; close it and subscribe again, and look at the carrier`,
  );
}

/** In an ordered inbox what is ready may wait behind another of its key, or be of shards that others hold. */
function mayBeHeldUp({ ordered }: Inbox, { inFlight = 1, delayed = 1 }: Depth, { receiver }: Idler): boolean {
  return receiver?.pulse().shards === 0 || (ordered && inFlight + delayed > 0);
}

async function answered(transport: Transport, clock: Clock, inbox: Inbox): Promise<Depth> {
  const asked = transport.depth(inbox);
  await atMost(clock, answerMs, asked);
  // What has settled by now comes first in a race, also where it rejects.
  const depth = await Promise.race([asked, Promise.resolve(undefined)]);
  if (depth !== undefined) return depth;
  throw new WaybillError(
    "UNAVAILABLE",
    `the carrier did not say within ${answerMs} ms how much waits in "${inbox.source}"`,
  );
}
