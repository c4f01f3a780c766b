import { virtualClock } from "@waybill/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import { inboxOf } from "../src/inbox.ts";
import { queue } from "../src/queue.ts";
import type { Depth, Transport } from "../src/seam.ts";
import { stallOf } from "../src/stall.ts";
import { outcomeOf } from "./support.ts";

const inbox = inboxOf(queue("jobs", { schema: z.string() }), undefined);
const ordered = { ...inbox, ordered: true };
const waiting: Depth = { ready: 3, inFlight: 0, delayed: 0, dead: 0, oldestAt: 0 };

/** What is said of a consumer that has been idle since `idleSince`, at 100 s, with a limit of 30 s. */
async function judged(
  depths: readonly (Depth | Error | "silence")[],
  over: { idleSince?: number | undefined; inbox?: typeof inbox; shards?: number } = {},
) {
  const clock = virtualClock(100_000);
  const given = [...depths];
  const depth = (): Promise<Depth> => {
    const next = given.length > 1 ? given.shift() : given[0];
    if (next instanceof Error) return Promise.reject(next);
    return next === "silence" || next === undefined ? new Promise(() => undefined) : Promise.resolve(next);
  };
  const receiver = { pulse: () => ({ answeredAt: 0, shards: over.shards }) } as never;
  const idler = { idleSince: "idleSince" in over ? over.idleSince : 0, receiver };
  const stall = outcomeOf(
    stallOf({ transport: { depth } as unknown as Transport, clock, inbox: over.inbox ?? inbox, idler }, 30_000),
  );
  await clock.advance(20_000);
  expect(stall.state).toBe("resolved");
  expect(clock.pending).toBe(0);
  return stall.value;
}

test("messages are ready and it has got none for too long", async () => {
  expect(await judged([waiting])).toMatchObject({ code: "STALLED" });
});

test.each([
  ["nothing is ready", { ...waiting, ready: 0 }],
  ["the carrier cannot tell what is ready", { ...waiting, ready: undefined }],
  ["what is ready has just come", { ...waiting, oldestAt: 75_000 }],
])("%s: that is no stall", async (_, depth) => {
  expect(await judged([depth])).toBeUndefined();
});

test("neither is a consumer that has work or has had some of late", async () => {
  expect(await judged([waiting], { idleSince: undefined })).toBeUndefined();
  expect(await judged([waiting], { idleSince: 75_000 })).toBeUndefined();
});

test("nor one that holds no shard, or whose inbox is ordered and has something in hand or delayed", async () => {
  expect(await judged([waiting], { shards: 0 })).toBeUndefined();
  expect(await judged([{ ...waiting, inFlight: 1 }], { inbox: ordered })).toBeUndefined();
  expect(await judged([{ ...waiting, delayed: 1 }], { inbox: ordered })).toBeUndefined();
  expect(await judged([waiting], { inbox: ordered })).toMatchObject({ code: "STALLED" });
});

test("what was on its way at the first look is none at the second", async () => {
  expect(await judged([waiting, { ...waiting, ready: 0 }])).toBeUndefined();
});

test("a carrier that fails to answer, or does not answer, is unhealthy", async () => {
  expect(await judged([new Error("no connection")])).toMatchObject({ code: "UNAVAILABLE", message: "no connection" });
  expect(await judged(["silence"])).toMatchObject({ code: "UNAVAILABLE" });
});
