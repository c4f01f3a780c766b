import { type Adapter, type SendResult, type SettleResult, WaybillError } from "@waybill/core";
import { wrap } from "../wrap.ts";
import type { Dice } from "./dice.ts";
import type { Timeline } from "./timeline.ts";

/** How often something goes wrong between a process and the carrier; each from 0 to 1. */
export interface Faults {
  /** It is done, and the reply is lost. */
  readonly loseReply: number;
  /** It is not done, and may be tried again. */
  readonly refuse: number;
  /** A message is refused for good. */
  readonly deny: number;
  /** The most ms a request may take. */
  readonly latencyMs: number;
}

export const noFaults: Faults = { loseReply: 0, refuse: 0, deny: 0, latencyMs: 0 };

/** Faults of the way to the carrier and back, `faults()` of them at the moment. */
export function faulty(timeline: Timeline, dice: Dice, faults: () => Faults): (adapter: Adapter) => Adapter {
  const delay = async (): Promise<void> => {
    const { latencyMs } = faults();
    const ms = latencyMs === 0 ? 0 : dice.whole(0, latencyMs);
    if (ms > 0) await timeline.sleep(ms);
  };
  return (adapter) =>
    wrap(adapter, (transport) => ({
      async send(to, messages, options) {
        await delay();
        if (dice.chance(faults().refuse)) return messages.map(() => refused(unavailable("refused for now")));
        const denied = messages.map(() => dice.chance(faults().deny));
        const rest = messages.filter((_, index) => denied[index] === false);
        const results = (await transport.send(to, rest, options))[Symbol.iterator]();
        await delay();
        const lost = dice.chance(faults().loseReply);
        return denied.map((is): SendResult => {
          if (is) return refused(new WaybillError("FULL", "refused for good"));
          const result = results.next().value ?? refused(unavailable("no result"));
          return lost ? { outcome: "unknown", error: unavailable("the reply was lost") } : result;
        });
      },
      receiver: () => ({
        async settle(batch, receiver): Promise<readonly SettleResult[]> {
          await delay();
          if (dice.chance(faults().refuse)) return batch.map(() => unavailable("refused for now"));
          const results = await receiver.settle(batch);
          await delay();
          return dice.chance(faults().loseReply) ? batch.map(() => unavailable("the reply was lost")) : results;
        },
      }),
    }));
}

function refused(error: WaybillError): SendResult {
  return { outcome: "refused", error };
}

function unavailable(why: string): WaybillError {
  return new WaybillError("UNAVAILABLE", why);
}
