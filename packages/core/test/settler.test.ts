import { virtualClock } from "@waybill/testing";
import { expect, test } from "vitest";
import { WaybillError } from "../src/errors.ts";
import type { Receiver, SettleResult, Settlement } from "../src/seam.ts";
import { Settler } from "../src/settler.ts";
import { ack, outcomeOf } from "./support.ts";

const full = new WaybillError("FULL", "no room for the dead letter");

type Answer = (batch: readonly Settlement[]) => Promise<readonly SettleResult[]>;

function setUp(answer: Answer = async (batch) => batch.map(() => "settled")) {
  const clock = virtualClock(0);
  const batches: string[][] = [];
  const done: (readonly SettleResult[])[] = [];
  const trouble: (string | undefined)[] = [];
  const asked: number[] = [];
  const settler = new Settler({
    clock,
    backoff: (attempt) => (asked.push(attempt), 100),
    done: (results) => void done.push(results),
    trouble: (error) => trouble.push(error?.code),
  });
  const settle: Answer = (batch) => {
    batches.push(batch.map(({ delivery: { id } }) => id));
    return answer(batch);
  };
  const attach = (): void => settler.attach({ settle } as unknown as Receiver);
  return { clock, settler, attach, batches, done, trouble, asked };
}

test("what is decided in one turn of the event loop is one batch", async () => {
  const { clock, settler, attach, batches } = setUp();
  attach();
  settler.add(ack("a"));
  await Promise.resolve();
  settler.add(ack("b"));
  await clock.flush();
  settler.add(ack("c"));
  await clock.flush();
  expect(batches).toEqual([["a", "b"], ["c"]]);
});

test("what is decided before the receiver is known waits for it", async () => {
  const { clock, settler, attach, batches } = setUp();
  settler.add(ack("a"));
  await clock.flush();
  expect(batches).toEqual([]);
  attach();
  await clock.flush();
  expect(batches).toEqual([["a"]]);
});

test("only what failed is settled again, first and after the backoff", async () => {
  let first = true;
  const { clock, settler, attach, batches, trouble, done } = setUp(async (batch) => {
    if (!first) return batch.map(() => "settled");
    first = false;
    settler.add(ack("d"));
    return ["settled", full, "lost"];
  });
  attach();
  for (const id of ["a", "b", "c"]) settler.add(ack(id));
  await clock.advance(99);
  expect(batches).toHaveLength(1);
  await clock.advance(1);
  expect(batches[1]).toEqual(["b", "d"]);
  expect(done).toEqual([
    ["settled", full, "lost"],
    ["settled", "settled"],
  ]);
  expect(trouble).toEqual(["FULL", undefined]);
});

test.each<[string, Answer]>([
  ["rejects", () => Promise.reject(new Error("no"))],
  [
    "throws",
    () => {
      throw new Error("no");
    },
  ],
])("a receiver that %s is trouble, and everything is settled again", async (_, answer) => {
  let works = false;
  const { clock, settler, attach, batches, trouble } = setUp(async (batch) =>
    works ? batch.map(() => "settled") : answer(batch),
  );
  attach();
  settler.add(ack("a"));
  await clock.advance(100);
  works = true;
  await clock.advance(100);
  expect(batches).toEqual([["a"], ["a"], ["a"]]);
  expect(trouble).toEqual(["UNAVAILABLE", "UNAVAILABLE", undefined]);
});

test("trouble lasts as long as one settlement cannot be made, though others can (DLQ-2)", async () => {
  let broken = true;
  let slow: (() => void) | undefined;
  const { clock, settler, attach, trouble } = setUp(async (batch) => {
    if (batch.some(({ delivery: { id } }) => id === "slow")) await new Promise<void>((resolve) => (slow = resolve));
    return batch.map(({ delivery: { id } }) => (broken && id === "letter" ? full : "settled"));
  });
  attach();
  settler.add(ack("slow"));
  await clock.flush();
  settler.add(ack("letter"));
  await clock.flush();
  expect(trouble).toEqual(["FULL"]);
  slow?.();
  await clock.flush();
  expect(trouble).toEqual(["FULL"]);
  broken = false;
  await clock.advance(100);
  expect(trouble).toEqual(["FULL", undefined]);
});

test("drained resolves when everything has left our hands, settled or lost", async () => {
  let result: SettleResult = full;
  const { clock, settler, attach } = setUp(async (batch) => batch.map(() => result));
  const early = outcomeOf(settler.drained());
  await clock.flush();
  expect(early.state).toBe("pending");
  attach();
  await clock.flush();
  expect(early.state).toBe("resolved");
  settler.add(ack("a"));
  const drained = outcomeOf(settler.drained());
  await clock.flush();
  expect(drained.state).toBe("pending");
  result = "lost";
  await clock.advance(100);
  expect(drained.state).toBe("resolved");
});

test("close tries no more, wakes who waits and leaves no timer", async () => {
  const { clock, settler, attach, batches } = setUp(async (batch) => batch.map(() => full));
  attach();
  settler.add(ack("a"));
  const drained = outcomeOf(settler.drained());
  await clock.flush();
  settler.add(ack("b"));
  settler.close();
  settler.add(ack("c"));
  await clock.advance(10_000);
  expect(batches).toEqual([["a"]]);
  expect(drained.state).toBe("resolved");
  expect(clock.pending).toBe(0);
});

test("close before the turn is over settles nothing any more", async () => {
  const { clock, settler, attach, batches } = setUp();
  attach();
  settler.add(ack("a"));
  settler.close();
  await clock.flush();
  expect(batches).toEqual([]);
});

test("batches that fail together are one failure to the backoff", async () => {
  const answers: (() => void)[] = [];
  const { clock, settler, attach, asked } = setUp(
    (batch) => new Promise((resolve) => answers.push(() => resolve(batch.map(() => full)))),
  );
  attach();
  for (const id of ["a", "b", "c"]) {
    settler.add(ack(id));
    await clock.flush();
  }
  for (const answer of answers.splice(0)) answer();
  await clock.advance(100);
  for (const answer of answers.splice(0)) answer();
  await clock.flush();
  expect(asked).toEqual([1, 2]);
});
