import type { ScheduleOptions, Transport } from "@waybill/core";
import { topic } from "@waybill/core";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { altered, receivingLate } from "./calls.ts";
import { every10, open, start, tickAt } from "./scheduling.ts";
import { caught, outcomeOf } from "./support.ts";

test("each tick comes once, at its time, under its id, however many instances run it on one token", async () => {
  let tokens = 0;
  const counting = altered((transport) => ({
    send(to, messages, options) {
      if (messages[0]?.source === "waybill.schedule.report") tokens += messages.length;
      return transport.send(to, messages, options);
    },
  }));
  const { clock, instance, seen, close } = await open({ adapters: [counting] });
  for (let instances = 0; instances < 3; instances += 1) await (await instance()).schedule("report", every10);
  await clock.advance(35_000);
  expect(seen).toEqual([10, 20, 30].map((at) => ({ id: tickAt(at), of: "all", at: at * 1_000 })));
  expect(tokens).toBe(1);
  await close();
});

test("its data may be made for each tick, and its target may be a topic", async () => {
  const { clock, instance, close, worker } = await open();
  const days = topic("days", { schema: z.object({ day: z.string() }) });
  const seen: string[] = [];
  await worker.subscribe(days, { group: "g" }, ({ data }) => void seen.push(data.day));
  const bus = await instance();
  await bus.schedule("day", {
    cron: "0 3 * * *",
    zone: "Europe/Berlin",
    to: days,
    data: async (tick) => ({ day: tick.toISOString() }),
  });
  await clock.advance(2 * 86_400_000);
  expect(seen).toEqual(["2025-01-01T02:00:00.000Z", "2025-01-02T02:00:00.000Z"]);
  await close();
});

test("an instance that leaves hands over, and a second schedule in the same bus is independent", async () => {
  const { clock, instance, seen, close } = await open();
  const [first, second] = [await instance(), await instance()];
  const handle = await first.schedule("report", every10);
  await second.schedule("report", every10);
  await first.schedule("other", { ...every10, cron: "*/20 * * * * *" });
  await clock.advance(15_000);
  await handle.close();
  await handle.close();
  await clock.advance(10_000);
  expect(new Set(seen.map(({ id }) => id))).toEqual(
    new Set([tickAt(10), tickAt(20), tickAt(20).replace("report", "other")]),
  );
  expect(seen.length).toBe(3);
  await close();
});

test("a changed expression holds within a minute of its instances' start", async () => {
  const { clock, instance, seen, close } = await open();
  const old = await instance();
  await old.schedule("report", { ...every10, cron: "0 0 1 * * *" });
  await clock.advance(1_000);
  await old.close();
  await (await instance()).schedule("report", every10);
  await clock.advance(65_000);
  expect(seen.at(0)?.id).toBe(tickAt(10));
  expect(seen.map(({ id }) => id)).toEqual([10, 20, 30, 40, 50, 60].map(tickAt));
  await close();
});

describe("the list", () => {
  test("names what is known, by name, also to those who run none of it, each once as it was last defined", async () => {
    const dead: (() => Promise<number | undefined>)[] = [];
    const looking = altered((transport) => ({
      declare(places) {
        const place = places.find((one) => one.kind === "inbox" && one.inbox.source === "waybill.schedules");
        if (place?.kind === "inbox") dead.push(async () => (await transport.depth(place.inbox)).dead);
        return transport.declare(places);
      },
    }));
    const { clock, instance, close, worker } = await open({ adapters: [looking] });
    expect(await worker.schedules()).toEqual([]);
    const [first, second] = [await instance(), await instance()];
    const both = Promise.all([first.schedule("report", every10), second.schedule("report", every10)]);
    await clock.advance(500);
    await both;
    await first.schedule("another", { ...every10, cron: "0 3 * * *", zone: "Europe/Berlin", missed: "last" });
    await second.schedule("report", { ...every10, cron: "*/20 * * * * *" });
    const target = { kind: "queue", name: "reports" };
    expect(await worker.schedules()).toEqual([
      {
        name: "another",
        cron: "0 3 * * *",
        zone: "Europe/Berlin",
        missed: "last",
        target,
        nextAt: Date.UTC(2025, 0, 1, 2),
      },
      { name: "report", cron: "*/20 * * * * *", zone: "UTC", missed: "all", target, nextAt: start + 20_000 },
    ]);
    expect(await dead[0]?.()).toBe(2);
    await close();
  });

  test("outlives the instances, and loses what is unscheduled, whose next one begins anew", async () => {
    const { clock, instance, seen, close, worker } = await open();
    const first = await instance();
    await first.schedule("report", every10);
    await first.close();
    expect((await worker.schedules()).map(({ name }) => name)).toEqual(["report"]);
    await worker.unschedule("report");
    await worker.unschedule("report");
    expect(await worker.schedules()).toEqual([]);
    await clock.advance(25_000);
    await (await instance()).schedule("report", every10);
    await clock.advance(10_000);
    expect(seen.map(({ id }) => id)).toEqual([tickAt(30)]);
    await close();
  });
});

describe("refused", () => {
  test.each<[string, string, Partial<Record<keyof ScheduleOptions<unknown>, unknown>>, RegExp]>([
    ["an expression that cannot be read", "report", { cron: "nope" }, /schedule "report": cron "nope" cannot be read/],
    ["one that never comes", "report", { cron: "0 0 31 2 *" }, /schedule "report": cron "0 0 31 2 \*" never comes/],
    ["a zone nobody knows", "report", { zone: "Nowhere" }, /schedule "report": zone "Nowhere" is none/],
    ["another word for missed", "report", { missed: "some" }, /schedule "report": missed is some/],
    ["an empty name", "", {}, /schedule name .*empty segment/],
    ["a name that is too long", "x".repeat(240), {}, /schedule name .*has 257 bytes/],
  ])("%s", async (_, name, options, message) => {
    const { instance, close } = await open();
    const bus = await instance();
    const error = await caught(() => bus.schedule(name, { ...every10, ...(options as object) }));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toMatch(message);
    expect(await bus.schedules()).toEqual([]);
    await close();
  });

  test.each<[string, (transport: Transport) => Partial<Transport>]>([
    ["without order", (transport) => ({ supports: (shape) => ({ ...transport.supports(shape), order: "none" }) })],
    ["without delays", (transport) => ({ supports: (shape) => ({ ...transport.supports(shape), maxDelay: 0 }) })],
  ])("by a carrier %s", async (_, changes) => {
    const { instance, close } = await open({ adapters: [altered(changes)] });
    const bus = await instance();
    expect(await caught(() => bus.schedule("report", every10))).toMatchObject({ code: "UNSUPPORTED" });
    await close();
  });

  test("while the bus closes, and leaves nothing behind", async () => {
    const { adapter, release } = receivingLate((from) => from.source === "waybill.schedule.report");
    const { clock, instance, close } = await open({ adapters: [adapter] });
    const bus = await instance();
    const scheduled = outcomeOf(bus.schedule("report", every10));
    await clock.flush();
    await bus.close();
    release();
    await clock.flush();
    expect(scheduled.value).toMatchObject({ code: "CLOSED" });
    await close();
  });

  test("once the bus is closed", async () => {
    const { instance, close } = await open();
    const bus = await instance();
    await bus.close();
    expect(await caught(() => bus.schedule("report", every10))).toMatchObject({ code: "CLOSED" });
    await close();
  });
});
