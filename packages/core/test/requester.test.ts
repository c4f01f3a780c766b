import type { Adapter } from "@waybill/core";
import { bytes, call, WaybillError } from "@waybill/core";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { altered, answer, at, open, price, receivingLate } from "./calls.ts";
import { caught, outcomeOf } from "./support.ts";

test("a request resolves to the output of the reply's schema", async () => {
  const { asking, answering, close } = await open();
  await answering.reply(price, {}, ({ data }) => ({ cents: data.item.length, at }));
  expect(await asking.request(price, { item: "pen" })).toEqual({ cents: 3, at: new Date(at) });
  await close();
});

test("many at a time get each its own reply, whatever the order of the answers", async () => {
  const { asking, answering, close } = await open();
  const waiting: (() => void)[] = [];
  await answering.reply(price, { concurrency: 50 }, async ({ data }) => {
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
      if (waiting.length === 50) for (const wake of waiting.toReversed()) wake();
    });
    return { cents: Number(data.item), at };
  });
  const numbers = Array.from({ length: 50 }, (_, n) => n);
  const got = await Promise.all(numbers.map((n) => asking.request(price, { item: String(n) })));
  expect(got.map(({ cents }) => cents)).toEqual(numbers);
  await close();
});

test("a bus may ask itself, also in the handling of a request, and everything of it is correlated", async () => {
  const { asking, close } = await open();
  const seen: string[] = [];
  const total = call("total.get", { request: z.number(), reply: z.number() });
  await asking.reply(price, {}, ({ correlationId, headers }) => {
    seen.push(correlationId, headers["tenant"] ?? "none");
    return answer;
  });
  await asking.reply(total, {}, async ({ data, correlationId }) => {
    const one = await asking.request(price, { item: "pen" }, { correlationId, headers: { tenant: "a" } });
    return one.cents * data;
  });
  expect(await asking.request(total, 3, { correlationId: "c-1" })).toBe(15);
  expect(seen).toEqual(["c-1", "a"]);
  await close();
});

test("a codec of one's own is that of the request and of the reply; an error is an error still", async () => {
  const { asking, answering, close } = await open();
  const reverse = call("reverse", { request: z.instanceof(Uint8Array), reply: z.instanceof(Uint8Array), codec: bytes });
  await answering.reply(reverse, {}, ({ data }) => {
    if (data.length === 0) throw new RangeError("nothing there");
    return data.toReversed();
  });
  expect([...(await asking.request(reverse, Uint8Array.of(1, 2, 3)))]).toEqual([3, 2, 1]);
  expect(await caught(() => asking.request(reverse, Uint8Array.of()))).toMatchObject({
    remote: { name: "RangeError" },
  });
  await close();
});

test("a reply that the asking side cannot read rejects with what is wrong", async () => {
  const { asking, answering, close } = await open();
  const older = call("price.get", { request: z.object({ item: z.string() }), reply: z.string() });
  await answering.reply(price, {}, () => answer);
  expect(await caught(() => asking.request(older, { item: "pen" }))).toMatchObject({ code: "INVALID_DATA" });
  await close();
});

describe("a request", () => {
  test("with wrong data rejects with INVALID_DATA, and nothing is sent", async () => {
    const { asking, close } = await open();
    expect(await caught(() => asking.request(price, { item: 5 as unknown as string }))).toMatchObject({
      code: "INVALID_DATA",
    });
    expect(await asking.inbox(price.request).stats()).toMatchObject({ ready: 0 });
    await close();
  });

  test("without a reply rejects with TIMEOUT, by default after 30 s; it expires then, and is not handled", async () => {
    const { asking, answering, clock, reports, close } = await open();
    const [first, second] = [
      outcomeOf(asking.request(price, { item: "a" })),
      outcomeOf(asking.request(price, { item: "b" }, { timeout: "40s" })),
    ];
    await clock.advance(29_999);
    expect(first.state).toBe("pending");
    await clock.advance(1);
    expect([first.value, second.state]).toMatchObject([{ code: "TIMEOUT" }, "pending"]);
    await clock.advance(10_000);
    expect(second.value).toMatchObject({ code: "TIMEOUT" });
    const seen: string[] = [];
    await answering.reply(price, {}, ({ data }) => {
      seen.push(data.item);
      return answer;
    });
    await clock.flush();
    expect([seen, reports.map(({ kind }) => kind)]).toEqual([[], ["dropped", "dropped"]]);
    expect(await asking.request(price, { item: "c" })).toMatchObject({ cents: 5 });
    await close();
  });

  test("whose signal fires rejects with ABORTED, before it is sent or while it waits", async () => {
    const { asking, clock, close } = await open();
    expect(await caught(() => asking.request(price, { item: "a" }, { signal: AbortSignal.abort() }))).toMatchObject({
      code: "ABORTED",
    });
    expect(await asking.inbox(price.request).stats()).toMatchObject({ ready: 0 });
    const controller = new AbortController();
    const request = outcomeOf(asking.request(price, { item: "b" }, { signal: controller.signal }));
    await clock.flush();
    controller.abort(new Error("enough"));
    await clock.flush();
    expect(request.value).toMatchObject({ code: "ABORTED", cause: { message: "enough" } });
    await close();
  });

  test("is rejected with CLOSED when its bus closes, and after it", async () => {
    const { asking, clock, close } = await open();
    const request = outcomeOf(asking.request(price, { item: "a" }));
    await clock.flush();
    await asking.close();
    expect(request.value).toMatchObject({ code: "CLOSED" });
    expect(await caught(() => asking.request(price, { item: "b" }))).toMatchObject({ code: "CLOSED" });
    await close();
  });

  test("that is just being made when its bus closes is rejected with CLOSED, too", async () => {
    const { adapter, release } = receivingLate();
    const { asking, clock, close } = await open({ adapters: [adapter] });
    const request = outcomeOf(asking.request(price, { item: "a" }));
    await clock.flush();
    const closing = asking.close();
    release();
    await closing;
    expect(request.value).toMatchObject({ code: "CLOSED" });
    await close();
  });

  test.each([{ timeout: -1 }, { timeout: 0 }, { timeout: "soon" }])(
    "with %o rejects with a TypeError",
    async (options) => {
      const { asking, close } = await open();
      expect(await caught(() => asking.request(price, { item: "a" }, options as { timeout: number }))).toBeInstanceOf(
        TypeError,
      );
      await close();
    },
  );
});

test("a carrier without reply addresses refuses both sides at once", async () => {
  const mute = altered((transport) => ({
    supports: (shape) => ({ ...transport.supports(shape), can: new Set(["topics"] as const) }),
  }));
  const { asking, close } = await open({ adapters: [mute] });
  expect(await caught(() => asking.request(price, { item: "a" }))).toMatchObject({ code: "UNSUPPORTED" });
  expect(await caught(() => asking.reply(price, {}, () => answer))).toMatchObject({ code: "UNSUPPORTED" });
  await close();
});

test("an inbox for replies that cannot be made rejects the request, and is made by the next", async () => {
  let broken = true;
  const late = altered((transport) => ({
    receive: (from, flow, sink) =>
      broken && from.ephemeral
        ? Promise.reject(new WaybillError("UNAVAILABLE", "not now"))
        : transport.receive(from, flow, sink),
  }));
  const { asking, answering, close } = await open({ adapters: [late] });
  await answering.reply(price, {}, () => answer);
  expect(await caught(() => asking.request(price, { item: "a" }))).toMatchObject({ code: "UNAVAILABLE" });
  broken = false;
  expect(await asking.request(price, { item: "a" })).toMatchObject({ cents: 5 });
  await close();
});

test("a request that may or may not have been sent waits for its reply all the same", async () => {
  const lost = altered((transport) => ({
    async send(to, messages, options) {
      await transport.send(to, messages, options);
      return to.kind === "source" ? new Promise<never>(() => undefined) : messages.map(() => "stored");
    },
  }));
  const { asking, answering, clock, close } = await open({ adapters: [lost] });
  const unanswered = outcomeOf(asking.request(price, { item: "a" }, { timeout: 1_000 }));
  await clock.advance(1_000);
  expect(unanswered.value).toMatchObject({ code: "TIMEOUT" });
  await answering.reply(price, {}, () => answer);
  const request = outcomeOf(asking.request(price, { item: "b" }));
  await clock.flush();
  expect(request.value).toMatchObject({ cents: 5 });
  await clock.advance(30_000);
  await close();
});

describe("while the carrier gives no address for replies", () => {
  const stuck = (): Adapter => altered(() => ({ declare: () => new Promise<void>(() => undefined) }));

  test("a request rejects with TIMEOUT in time", async () => {
    const { asking, clock } = await open({ adapters: [stuck()] });
    const asked = outcomeOf(asking.request(price, { item: "pen" }, { timeout: "1s" }));
    await clock.advance(1_000);
    expect(asked).toMatchObject({ state: "rejected", value: { code: "TIMEOUT" } });
  });

  test("a request rejects with ABORTED when its signal fires", async () => {
    const { asking, clock } = await open({ adapters: [stuck()] });
    const abort = new AbortController();
    const asked = outcomeOf(asking.request(price, { item: "pen" }, { signal: abort.signal }));
    await clock.flush();
    abort.abort();
    await clock.flush();
    expect(asked).toMatchObject({ state: "rejected", value: { code: "ABORTED" } });
  });
});
