import { expect, test } from "vitest";
import type { Handling } from "../src/handling.ts";
import type { Middleware, Outgoing } from "../src/middleware.ts";
import { wrapHandle, wrapPublish } from "../src/middleware.ts";

const log: string[] = [];

function logging(name: string): Middleware {
  return {
    name,
    handle: (next) => async (message) => {
      log.push(`${name} before`);
      try {
        await next(message);
      } finally {
        log.push(`${name} after`);
      }
    },
    publish: (next) => async (outgoing) => {
      log.push(`${name} publish`);
      await next(outgoing);
    },
  };
}

test("the first one used is the outermost, around a handler and around a publish", async () => {
  log.length = 0;
  const all = [logging("a"), { name: "of nothing" }, logging("b")];
  await wrapHandle(all, async () => void log.push("handler"))({} as Handling);
  await wrapPublish(all, async () => void log.push("send"))({} as Outgoing);
  expect(log).toEqual(["a before", "b before", "handler", "b after", "a after", "a publish", "b publish", "send"]);
});

test("a rejection passes through all of them, and one of them may take it away", async () => {
  log.length = 0;
  const failing = async (): Promise<never> => Promise.reject(new Error("no"));
  await expect(wrapHandle([logging("a"), logging("b")], failing)({} as Handling)).rejects.toThrow("no");
  expect(log).toEqual(["a before", "b before", "b after", "a after"]);
  const calming: Middleware = { name: "calming", handle: (next) => (message) => next(message).catch(() => undefined) };
  await expect(wrapHandle([calming], failing)({} as Handling)).resolves.toBeUndefined();
});

test("each wraps once, not for every message", async () => {
  let wrapped = 0;
  const counting: Middleware = { name: "counting", handle: (next) => ((wrapped += 1), next) };
  const handle = wrapHandle([counting], async () => undefined);
  await handle({} as Handling);
  await handle({} as Handling);
  expect(wrapped).toBe(1);
});

test("without any it is the innermost itself", () => {
  const innermost = async (): Promise<void> => undefined;
  expect(wrapHandle([], innermost)).toBe(innermost);
  expect(wrapPublish([], innermost)).toBe(innermost);
});
