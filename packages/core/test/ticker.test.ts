import type { Delivery, Transport } from "@waybill/core";
import type { MemoryTransport } from "@waybill/memory";
import { describe, expect, test } from "vitest";
import { altered } from "./calls.ts";
import { every10, open, tickAt } from "./scheduling.ts";

describe("ticks of a time when nobody ran", () => {
  test.each([
    [undefined, [10, 20, 30, 40, 50]],
    ["all", [10, 20, 30, 40, 50]],
    ["last", [10, 50]],
  ] as const)("with missed: %s", async (missed, expected) => {
    const { clock, instance, seen, close } = await open();
    const first = await instance();
    await first.schedule("report", { ...every10, missed });
    await clock.advance(15_000);
    await first.close();
    await clock.advance(40_000);
    await (await instance()).schedule("report", { ...every10, missed });
    await clock.flush();
    expect(seen.map(({ id, at }) => [id, at])).toEqual(
      expected.map((second) => [tickAt(second), second === 10 ? 10_000 : 55_000]),
    );
    await close();
  });

  test("are all published, more than fit between two notes", async () => {
    const { clock, instance, seen, close } = await open();
    const first = await instance();
    await first.schedule("report", { ...every10, cron: "* * * * * *" });
    await first.close();
    await clock.advance(350_000);
    await (await instance()).schedule("report", { ...every10, cron: "* * * * * *" });
    for (let turns = 0; turns < 20; turns += 1) await clock.flush();
    expect(seen.map(({ id }) => id)).toEqual(Array.from({ length: 350 }, (_, index) => tickAt(index + 1)));
    await close();
  });
});

test("an instance that closes finishes with the tick it is at and leaves the others to the next", async () => {
  const { clock, instance, seen, close } = await open();
  const [first, second] = [await instance(), await instance()];
  const going = Promise.withResolvers<void>();
  await first.schedule("report", { ...every10, data: () => going.promise.then(() => ({ of: "first" })) });
  await clock.advance(35_000);
  const closing = first.close();
  await clock.flush();
  going.resolve();
  await closing;
  await second.schedule("report", { ...every10, data: { of: "second" } });
  await clock.flush();
  expect(seen.map(({ id, of }) => [id, of])).toEqual([
    [tickAt(10), "first"],
    [tickAt(20), "second"],
    [tickAt(30), "second"],
  ]);
  await close();
});

test("an instance that has lost its lease repeats at most the tick it is at, under its id", async () => {
  const transports: Transport[] = [];
  const watched = altered((transport) => {
    transports.push(transport);
    return {};
  });
  const { clock, instance, seen, close } = await open({ adapters: [watched] });
  const first = await instance();
  const going = Promise.withResolvers<void>();
  await first.schedule("report", { ...every10, data: () => going.promise.then(() => ({ of: "first" })) });
  await clock.advance(15_000);
  (transports[0] as MemoryTransport).freeze();
  await (await instance()).schedule("report", { ...every10, data: { of: "second" } });
  await clock.advance(40_000);
  going.resolve();
  await clock.advance(0);
  expect(seen.map(({ id, of }) => [id, of])).toEqual([
    ...[10, 20, 30, 40, 50].map((second) => [tickAt(second), "second"]),
    [tickAt(10), "first"],
  ]);
  await close();
});

test("an instance repeats no tick of its own for a token that knows less, as an old one does that was stored twice", async () => {
  const forgetful = altered((transport) => ({
    receive(from, flow, sink) {
      if (!from.source.includes("schedule.")) return transport.receive(from, flow, sink);
      const deliver = (batch: readonly Delivery[]): void => {
        for (const token of batch) Object.assign(token, { headers: { ...token.headers, "waybill-tick": undefined } });
        sink.deliver(batch);
      };
      return transport.receive(from, flow, { deliver, lost: (batch, why) => sink.lost(batch, why) });
    },
  }));
  const { clock, instance, seen, close } = await open({ adapters: [forgetful] });
  await (await instance()).schedule("report", every10);
  await clock.advance(35_000);
  expect(seen.map(({ id }) => id)).toEqual([tickAt(10), tickAt(20), tickAt(30)]);
  await close();
});

test("a token that a foreign hand has spoiled begins anew", async () => {
  const spoiling = altered((transport) => ({
    send: (to, messages, options) =>
      transport.send(
        to,
        messages.map((message) => (message.key === undefined ? message : { ...message, body: Buffer.from("{") })),
        options,
      ),
  }));
  const { clock, instance, seen, close } = await open({ adapters: [spoiling] });
  await (await instance()).schedule("report", every10);
  await clock.advance(25_000);
  expect(seen.map(({ id }) => id)).toEqual([tickAt(10), tickAt(20)]);
  await close();
});

test("a tick that cannot be made or stored is reported and tried again, and none after it is left out", async () => {
  const { clock, instance, seen, told, close } = await open();
  let broken = true;
  const data = (tick: Date): { of: string } => {
    if (broken) throw new Error(`not yet ${tick.toISOString()}`);
    return { of: "all" };
  };
  await (await instance()).schedule("report", { ...every10, data });
  await clock.advance(31_000);
  expect(seen).toEqual([]);
  expect(told[0]).toMatchObject({
    kind: "tick-failed",
    inbox: { source: "waybill.schedule.report" },
    error: { message: expect.stringContaining("not yet 2025-01-01T00:00:10") as string },
  });
  broken = false;
  await clock.advance(30_000);
  expect(seen.map(({ id }) => id)).toEqual([10, 20, 30, 40, 50, 60].map(tickAt));
  await close();
});

test("a clock that was set back repeats no tick", async () => {
  const { clock, instance, seen, close } = await open();
  let set = 0;
  const back = { ...clock, now: () => clock.now() - set };
  const bus = await instance({ clock: back });
  await bus.schedule("report", every10);
  await clock.advance(25_000);
  set = 15_000;
  await clock.advance(30_000);
  expect(seen.map(({ id }) => id)).toEqual([10, 20, 30, 40].map(tickAt));
  await close();
});
