import { setTimeout as sleep } from "node:timers/promises";
import type { Order } from "./topics.ts";

/** The customer's bank said no: asking again is pointless. */
export class CardRefused extends Error {
  override readonly name: string = "CardRefused";
}

/** What goes wrong with an order: `flaky` twice, `down` and `refused` until the fault is mended. */
export type Fault = "flaky" | "down" | "refused";

/** The fault of an order, the same in every process and run: 1 order in 50 is flaky, 1 in 1 000 each of the others. */
export function faultOf(orderId: string): Fault | undefined {
  const lot = hash(orderId) % 1_000;
  if (lot < 20) return "flaky";
  if (lot === 20) return "down";
  if (lot === 21) return "refused";
  return undefined;
}

/** A pretended payment provider. */
export class Payments {
  readonly #mended: boolean;

  /** `mended`: only the flaky ones fail still. */
  constructor({ mended }: { readonly mended: boolean }) {
    this.#mended = mended;
  }

  /** Takes 5 to 25 ms. Rejects with `CardRefused` or an Error as `faultOf` has it, or when the signal fires. */
  async charge(
    { orderId }: Order,
    { attempt, signal }: { readonly attempt: number; readonly signal: AbortSignal },
  ): Promise<void> {
    await sleep(5 + (hash(`${orderId} takes`) % 21), undefined, { signal });
    const fault = faultOf(orderId);
    if (fault === "flaky" && attempt <= 2) throw new Error("the payment provider did not answer in time");
    if (this.#mended) return;
    if (fault === "down") throw new Error("the payment provider knows no route to this bank");
    if (fault === "refused") throw new CardRefused("the bank takes our certificate for expired");
  }
}

/** FNV-1a. */
function hash(text: string): number {
  let state = 0x811c9dc5;
  for (const byte of Buffer.from(text)) state = Math.imul(state ^ byte, 0x01000193);
  return state >>> 0;
}
