import type { Outcome } from "../../src/conductor/balance.ts";
import { maxAttempts } from "../../src/billing.ts";
import { Ledger } from "../../src/conductor/ledger.ts";
import { faultOf } from "../../src/payments.ts";
import type { Group } from "../../src/conductor/reports.ts";

/** Writes a ledger as services would, one handling after the other. */
export class Story {
  readonly ledger = new Ledger();
  #handling = 0;
  #at = 0;

  publish(orderId: string, customerId: string): void {
    this.ledger.note("orders", { kind: "published", orderId, customerId, position: this.ledger.orders.size });
  }

  start(group: Group, orderId: string, attempt = 1, member = `${group}-1`): number {
    const handling = this.#handling++;
    this.ledger.note(member, { kind: "started", group, handling, orderId, attempt, at: this.#at++ });
    return handling;
  }

  end(group: Group, handling: number, kind: "succeeded" | "failed" = "succeeded"): void {
    this.ledger.note(`${group}-1`, { kind, group, handling, at: this.#at++ });
  }

  handle(group: Group, orderId: string, attempt = 1): void {
    this.end(group, this.start(group, orderId, attempt));
  }

  fail(group: Group, orderId: string, attempt: number): void {
    this.end(group, this.start(group, orderId, attempt), "failed");
  }

  complete(): void {
    this.ledger.note("orders", { kind: "all-published" });
  }
}

/** Ids of orders with each fault, and some without. */
export const ids = {
  fine: find(undefined),
  flaky: find("flaky"),
  down: find("down"),
  refused: find("refused"),
} as const;

/** A run in which all went as it should. */
export function goodRun(): { readonly story: Story; readonly outcome: Outcome } {
  const story = new Story();
  const all = [...ids.fine, ids.flaky[0], ids.down[0], ids.refused[0]].map(String);
  for (const [index, id] of all.entries()) story.publish(id, `c-${index % 2}`);
  for (const id of all) {
    const fault = faultOf(id);
    const failures = fault === undefined ? 0 : { flaky: 2, down: maxAttempts, refused: 1 }[fault];
    for (let attempt = 1; attempt <= failures; attempt += 1) story.fail("billing", id, attempt);
    story.handle("billing", id, fault === "flaky" ? 3 : 1);
    story.handle("shipping", id);
    story.handle("email", id);
  }
  story.complete();
  const empty = { ready: 0, inFlight: 0, delayed: 0, dead: 0, oldestAt: undefined };
  const dead = [ids.down[0], ids.refused[0]].map(String);
  return {
    story,
    outcome: {
      ledger: story.ledger,
      deadLetters: dead,
      redriven: 2,
      depths: { billing: empty, shipping: empty, email: empty },
    },
  };
}

function find(fault: ReturnType<typeof faultOf>): readonly string[] {
  const numbers = Array.from({ length: 5_000 }, (_, index) => `o-${index}`);
  return numbers.filter((id) => faultOf(id) === fault).slice(0, 4);
}
