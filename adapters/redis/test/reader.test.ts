import { jitteredBackoff, systemClock, type Room } from "@waybill/core";
import { orSkip, startBroker } from "@waybill/testing";
import { afterAll, describe, expect, test, vi } from "vitest";
import { openBlocking } from "../src/client.ts";
import { Reader } from "../src/reader.ts";
import { opened, settingsFor } from "./connection.ts";

const broker = await orSkip(startBroker("redis"));
afterAll(() => broker?.stop());

const base = "wb:{reader}:group";
const some: Room = { count: 10, bytes: 1_000_000, alone: true };
const none: Room = { count: 0, bytes: 0, alone: false };

describe.skipIf(broker === undefined)("a reader", () => {
  test("reads nothing under a name that the server does not know yet, for it would be nobody's", async () => {
    const settings = settingsFor(broker?.url ?? "");
    await using connection = await opened(settings);
    const { client } = connection;
    const add = (body: string): Promise<unknown> =>
      client.command("XADD", [`${base}/ready0`, "*", "m", "[]", "d", body]);
    const know = (name: string): Promise<unknown> => client.command("ZADD", [`${base}/members`, 1e15, name]);
    for (const stream of ["ready0", "bell"])
      await client.command("XGROUP", ["CREATE", `${base}/${stream}`, "g", 0, "MKSTREAM"]);
    await client.command("HSET", [`${base}/meta`, "layout", "{}"]);
    await know("first");
    await add("one");

    const [took, refused] = [new Array<string>(), new Array<string>()];
    let [name, room] = ["first", some];
    let ready: Promise<void> | undefined;
    const reader = new Reader({
      base,
      levels: 1,
      ordered: false,
      leaseMs: 60_000,
      context: {
        namespace: "reader",
        topology: "create",
        options: undefined,
        clock: systemClock,
        random: Math.random,
        backoff: jitteredBackoff(Math.random),
        report: () => undefined,
      },
      member: {
        name: () => name,
        ready: () => ready,
        room: () => room,
        took: (by, held) => void took.push(...held.map(({ body }) => `${by} ${Buffer.from(body).toString()}`)),
        renewed: () => undefined,
        refused: async (by) => void refused.push(by),
        connected: async () => undefined,
        failing: () => undefined,
      },
      open: () => openBlocking(settings, base),
      unblock: (id) => client.command("CLIENT", ["UNBLOCK", id]),
    });
    await reader.start();
    await vi.waitFor(() => expect(took).toEqual(["first one"]));

    room = none;
    await vi.waitFor(async () => {
      reader.nudge();
      expect(await client.command("INFO", ["clients"]).then(String)).toContain("blocked_clients:0");
    });
    const joined = Promise.withResolvers<void>();
    [name, room, ready] = ["second", some, joined.promise];
    await add("two");
    reader.nudge();
    await client.command("PING", []);
    const consumers = await client.command("XINFO", ["CONSUMERS", `${base}/ready0`, "g"]);
    expect((consumers as readonly unknown[]).length).toBe(1);
    await know("second");
    joined.resolve();
    await vi.waitFor(() => expect(took).toEqual(["first one", "second two"]));
    expect(refused).toEqual([]);
    await reader.stop();
  });
});
