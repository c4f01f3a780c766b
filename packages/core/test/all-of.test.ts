import { connect, queue } from "@waybill/core";
import { virtualClock } from "@waybill/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import { allOf } from "../src/all-of.ts";
import { altered } from "./calls.ts";
import { caught, outcomeOf } from "./support.ts";

test("it waits for all, though one fails, and rejects with what failed first in the list", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const all = outcomeOf(allOf([Promise.reject(new Error("one")), promise, Promise.reject(new Error("two"))]));
  const { flush } = virtualClock();
  await flush();
  expect(all.state).toBe("pending");
  resolve();
  await flush();
  expect(all).toMatchObject({ state: "rejected", value: { message: "one" } });
});

test("a bus closes its connection, and lets other handlers finish, though a consumer cannot be closed (LIF-2)", async () => {
  const clock = virtualClock();
  let receivers = 0;
  const closed: string[] = [];
  const carrier = altered((transport) => ({
    async receive(from, flow, sink) {
      const receiver = await transport.receive(from, flow, sink);
      receivers += 1;
      return receivers > 1 ? receiver : Object.assign(receiver, { stop: () => Promise.reject(new Error("stuck")) });
    },
    close: () => transport.close().then(() => void closed.push("connection")),
  }));
  const bus = await connect("memory:all-of-test", { clock, adapters: [carrier] });
  const one = queue("one", { schema: z.number() });
  const other = queue("other", { schema: z.number() });
  await bus.work(one, {}, () => undefined);
  let end: (() => void) | undefined;
  await bus.work(other, {}, async () => {
    await new Promise<void>((resolve) => (end = resolve));
    closed.push("handler");
  });
  await bus.send(other, 1);
  await clock.flush();
  const closing = caught(() => bus.close());
  await clock.flush();
  end?.();
  expect(await closing).toMatchObject({ message: "stuck" });
  expect(closed).toEqual(["handler", "connection"]);
});
