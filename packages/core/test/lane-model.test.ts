import { seededRandom, virtualClock } from "@waybill/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Budget } from "../src/budget.ts";
import { WaybillError } from "../src/errors.ts";
import { Lane } from "../src/lane.ts";
import type { SendResult, WireMessage } from "../src/seam.ts";
import { outcomeOf, wire } from "./support.ts";

type Fate = "stored" | "lost reply" | "lost request" | "busy" | "refused" | "throws" | "silent";

interface Step {
  readonly publish: number;
  readonly pass: number;
  readonly abort: boolean;
}

const fate = fc.constantFrom<Fate>(
  "stored",
  "stored",
  "stored",
  "lost reply",
  "lost request",
  "busy",
  "refused",
  "throws",
  "silent",
);
const step: fc.Arbitrary<Step> = fc.record({ publish: fc.nat(4), pass: fc.nat(400), abort: fc.boolean() });

/** A broker that does to each batch what fate says; it keeps the order within a batch, as an adapter must. */
class FatefulBroker {
  readonly log: string[] = [];
  readonly #fates: Fate[];
  readonly #after: (ms: number, run: () => void) => void;

  constructor(fates: readonly Fate[], after: (ms: number, run: () => void) => void) {
    this.#fates = [...fates];
    this.#after = after;
  }

  send(batch: readonly WireMessage[]): Promise<readonly SendResult[]> {
    const now = this.#fates.shift() ?? "stored";
    const ids = batch.map(({ id }) => id);
    if (now === "throws") return Promise.reject(new Error("fate"));
    if (now === "silent") return new Promise((resolve) => this.#after(5_000, () => resolve(ids.map(() => unknown))));
    if (now === "stored" || now === "lost reply") this.log.push(...ids);
    const result = {
      stored: "stored",
      "lost reply": unknown,
      "lost request": unknown,
      busy: later,
      refused: never,
    } as const;
    return new Promise((resolve) => this.#after(7, () => resolve(ids.map(() => result[now]))));
  }
}

const unknown: SendResult = { outcome: "unknown", error: new WaybillError("UNAVAILABLE", "no reply") };
const later: SendResult = { outcome: "refused", error: new WaybillError("BUSY", "later") };
const never: SendResult = { outcome: "refused", error: new WaybillError("FULL", "full") };

function model(depth: number) {
  return fc.asyncProperty(
    fc.array(fate, { maxLength: 12 }),
    fc.array(step, { minLength: 1, maxLength: 6 }),
    fc.nat(),
    async (fates, steps, seed) => {
      const clock = virtualClock(0);
      const random = seededRandom(seed);
      const broker = new FatefulBroker(fates, clock.after);
      const budget = new CountingBudget(1e6);
      const lane = new Lane({
        depth,
        maxBatch: 3,
        budget,
        clock,
        backoff: () => 10 + random() * 90,
        send: (batch) => broker.send(batch),
      });
      const published: { readonly id: string; readonly outcome: ReturnType<typeof outcomeOf> }[] = [];
      for (const { publish, pass, abort } of steps) {
        const controller = new AbortController();
        for (let count = 0; count < publish; count += 1) {
          const id = `${published.length}`;
          published.push({ id, outcome: outcomeOf(lane.push(wire(id), clock.now() + 1_500, controller.signal, id)) });
        }
        await clock.advance(pass);
        if (abort) controller.abort();
      }
      const drained = outcomeOf(lane.drained());
      await clock.advance(1_500);
      expect(drained.state).toBe("resolved");
      await clock.advance(20_000);
      expect(clock.pending).toBe(0);
      expect(budget.used).toBe(0);
      judge(broker.log, published);
      expect(depth > 1 || isSorted(firsts(broker.log))).toBe(true);
    },
  );
}

class CountingBudget extends Budget {
  used = 0;

  override take(bytes: number): void {
    super.take(bytes);
    this.used += bytes;
  }

  override give(bytes: number): void {
    super.give(bytes);
    this.used -= bytes;
  }
}

function isSorted(numbers: readonly number[]): boolean {
  return numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? 0));
}

/** The first occurrence of each message in the broker's log (PUB-8). */
function firsts(log: readonly string[]): readonly number[] {
  return [...new Set(log)].map(Number);
}

function judge(
  log: readonly string[],
  published: readonly { id: string; outcome: { state: string; value: unknown } }[],
): void {
  for (const { id, outcome } of published) {
    expect(outcome.state).not.toBe("pending");
    if (outcome.state === "resolved") expect(log).toContain(id);
    else if ((outcome.value as WaybillError).code !== "OUTCOME_UNKNOWN") expect(log).not.toContain(id);
  }
}

test("with one batch in flight: every publish settles by its deadline, truly, and the order is kept", async () => {
  await fc.assert(model(1), { numRuns: 150 });
});

test("with four batches in flight: every publish settles by its deadline, truly", async () => {
  await fc.assert(model(4), { numRuns: 100 });
});
