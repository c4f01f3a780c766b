import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { Arguments } from "../src/arguments.ts";
import { moveLetters } from "../src/move-letters.ts";
import { Output } from "../src/output.ts";
import { orders, place, refusedOrders } from "./support.ts";

test("a redrive that is interrupted half-way says how many are done, and the rest is where it was", async () => {
  const { bus } = await place();
  const ids = Array.from({ length: 20 }, (_, index) => `o-${index}`);
  await refusedOrders(bus, ids);
  const results = new PassThrough();
  const interrupt = new AbortController();
  let asked = 0;
  const fits = (): boolean => {
    if ((asked += 1) === 7) interrupt.abort();
    return true;
  };
  const code = await moveLetters(
    {
      args: new Arguments([], new Map()),
      output: new Output(results, new PassThrough(), false),
      signal: interrupt.signal,
    },
    bus.inbox(orders, "billing"),
    "redrive",
    { fits, most: Infinity },
  );
  expect(code).toBe(130);
  expect(String(results.read())).toBe("7 redriven\n");
  expect(await bus.inbox(orders, "billing").stats()).toMatchObject({ ready: 7, dead: 13 });
});
