import type { BatchOptions, Message, WorkOptions } from "@waybill/core";
import { virtualClock } from "@waybill/testing";
import { expect, test } from "vitest";
import { WaybillError } from "../src/errors.ts";
import { Gatherer, gathering } from "../src/gatherer.ts";
import type { Handling } from "../src/handling.ts";
import { tuning } from "../src/subscribe-options.ts";
import { manifest, outcomeOf } from "./support.ts";

function message(id: string, suspect = false) {
  const listeners: ((reason: WaybillError) => void)[] = [];
  const abort = (reason: WaybillError): void => listeners.forEach((run) => run(reason));
  const onAbort = (run: (reason: WaybillError) => void): void => void listeners.push(run);
  return { id, suspect, expiresAt: undefined, onAbort, abort, data: { n: 0 } } as unknown as Handling;
}
function gatherer() {
  const clock = virtualClock(0);
  const batches: string[][] = [];
  const handler = (messages: readonly Message<unknown>[]): void => void batches.push(messages.map(({ id }) => id));
  const made = new Gatherer({ size: 3, wait: 1_000, concurrency: 1, timeout: Infinity, clock, handler });
  return { clock, batches, made };
}

test("what may have killed its process is a batch of its own, at once (DLQ-4)", async () => {
  const { batches, made } = gatherer();
  const other = outcomeOf(made.handle(message("a")));
  await made.handle(message("b", true));
  expect([batches, other.state]).toEqual([[["b"]], "pending"]);
});

test("a message whose lease is lost while it waits goes, and its place is free", async () => {
  const { clock, batches, made } = gatherer();
  const [first, second] = [message("a"), message("b")];
  const lost = outcomeOf(made.handle(first));
  const kept = outcomeOf(made.handle(second));
  first.abort(new WaybillError("LEASE_LOST", "it is over"));
  await clock.advance(1_000);
  expect(lost).toMatchObject({ state: "rejected", value: { code: "LEASE_LOST" } });
  expect([batches, kept.state]).toEqual([[["b"]], "resolved"]);
});

test("what is given back was told so first, and has failed nothing", async () => {
  const { clock, batches, made } = gatherer();
  const waiting = message("a");
  const reasons: string[] = [];
  waiting.onAbort(({ code }) => reasons.push(code));
  const handled = outcomeOf(made.handle(waiting));
  made.giveBack();
  await clock.flush();
  expect(reasons).toEqual(["CLOSED"]);
  expect(handled).toMatchObject({ state: "rejected", value: { name: "GivenBack" } });
  expect([batches, clock.pending]).toEqual([[], 0]);
});

test.each<[string, Partial<BatchOptions>, WorkOptions]>([
  ["a size of 0", { size: 0, wait: 1 }, {}],
  ["a size of 1.5", { size: 1.5, wait: 1 }, {}],
  ["no size", { wait: 1 }, {}],
  ["no wait", { size: 5 }, {}],
  ["an endless wait", { size: 5, wait: Infinity }, {}],
  ["delivery at most once", { size: 5, wait: 1 }, { delivery: "at-most-once" }],
])("%s is refused", (_, batch, options) => {
  const tuned = tuning(options, manifest({ can: new Set(["once"]) }));
  const gathered = (): unknown => gathering(batch as BatchOptions, tuned, virtualClock(), () => undefined);
  expect(gathered).toThrow(TypeError);
});
