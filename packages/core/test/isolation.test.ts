import { virtualClock } from "@waybill/testing";
import { expect, test } from "vitest";
import type { Isolated } from "../src/isolation.ts";
import { Isolation } from "../src/isolation.ts";
import { outcomeOf } from "./support.ts";

function setUp() {
  const clock = virtualClock(0);
  const isolation = new Isolation(clock);
  const log: string[] = [];
  const member = (name: string, quiet: () => Promise<void> = async () => undefined): Isolated => ({
    hold: async () => {
      log.push(`${name} holds`);
      await quiet();
    },
    go: () => log.push(`${name} goes on`),
  });
  return { clock, isolation, log, member };
}

const forever = (): Promise<void> => new Promise(() => undefined);

test("the task runs when all members stand still, and they go on when it has ended", async () => {
  const { isolation, log, member } = setUp();
  let quiet: (() => void) | undefined;
  isolation.join(member("a"));
  isolation.join(member("b", () => new Promise((resolve) => (quiet = resolve))));
  const alone = isolation.alone(async () => void log.push("task"));
  await new Promise((resolve) => setImmediate(resolve));
  expect(log).toEqual(["a holds", "b holds"]);
  quiet?.();
  await alone;
  expect(log).toEqual(["a holds", "b holds", "task", "a goes on", "b goes on"]);
});

test("one task at a time, in the order they came", async () => {
  const { isolation, log, member } = setUp();
  isolation.join(member("a"));
  await Promise.all(["1", "2"].map((task) => isolation.alone(async () => void log.push(task))));
  expect(log).toEqual(["a holds", "1", "a goes on", "a holds", "2", "a goes on"]);
});

test("who does not stand still is waited for 5 s, who does not end too", async () => {
  const { clock, isolation, log, member } = setUp();
  isolation.join(member("restless", forever));
  const alone = outcomeOf(
    isolation.alone(() => {
      log.push("task");
      return forever();
    }),
  );
  await clock.advance(4_999);
  expect(log).not.toContain("task");
  await clock.advance(1);
  expect(log).toContain("task");
  await clock.advance(4_999);
  expect(alone.state).toBe("pending");
  await clock.advance(1);
  expect(alone.state).toBe("resolved");
  expect(log.at(-1)).toBe("restless goes on");
  expect(clock.pending).toBe(0);
});

test("a task that rejects holds up nobody", async () => {
  const { isolation, log, member } = setUp();
  isolation.join(member("a"));
  await isolation.alone(() => Promise.reject(new Error("no")));
  await isolation.alone(async () => void log.push("next"));
  expect(log).toEqual(["a holds", "a goes on", "a holds", "next", "a goes on"]);
});

test("a member that has left is not held", async () => {
  const { isolation, log, member } = setUp();
  const gone = member("gone");
  isolation.join(gone);
  isolation.leave(gone);
  await isolation.alone(async () => undefined);
  expect(log).toEqual([]);
});
