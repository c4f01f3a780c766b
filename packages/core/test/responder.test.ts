import { call, PermanentError, RemoteError, WaybillError } from "@waybill/core";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { altered, answer, lettersIn, open, price } from "./calls.ts";
import { caught, outcomeOf } from "./support.ts";

describe("a handler's error", () => {
  test("arrives by its name and message, without its stack, and the request is over", async () => {
    const { asking, answering, clock, close } = await open();
    await answering.reply(price, {}, () => {
      throw new RangeError("no such item");
    });
    const error = await caught(() => asking.request(price, { item: "pen" }));
    expect(error).toBeInstanceOf(RemoteError);
    expect(error).toMatchObject({ code: "REMOTE", remote: { name: "RangeError", message: "no such item" } });
    expect(JSON.stringify(error)).not.toContain("calls.test");
    await clock.flush();
    expect(await answering.inbox(price.request).stats()).toMatchObject({ ready: 0, inFlight: 0, delayed: 0, dead: 0 });
    await close();
  });

  test("comes after the last attempt, where there are several, or at once where it is permanent", async () => {
    const { asking, answering, clock, close } = await open();
    const attempts: number[] = [];
    await answering.reply(price, { retry: { maxAttempts: 3, delay: 100 } }, ({ attempt, data }) => {
      attempts.push(attempt);
      if (data.item === "never") throw new PermanentError("there is none");
      throw new Error(`attempt ${attempt}`);
    });
    const request = outcomeOf(asking.request(price, { item: "pen" }));
    await clock.advance(199);
    expect([attempts, request.state]).toEqual([[1, 2], "pending"]);
    await clock.advance(1);
    expect([attempts, request.value]).toMatchObject([[1, 2, 3], { remote: { message: "attempt 3" } }]);
    expect(await caught(() => asking.request(price, { item: "never" }))).toMatchObject({
      remote: { name: "PermanentError" },
    });
    await close();
  });

  test("is its timeout, too", async () => {
    const { asking, answering, clock, close } = await open();
    await answering.reply(price, { timeout: "1s" }, () => new Promise<never>(() => undefined));
    const request = outcomeOf(asking.request(price, { item: "pen" }));
    await clock.advance(1_000);
    expect(request.value).toMatchObject({ code: "REMOTE", remote: { name: "WaybillError" } });
    await close();
  });

  test("is a reply that does not match its schema, and the next request is answered", async () => {
    const { asking, answering, close } = await open();
    await answering.reply(price, {}, ({ data }) =>
      data.item === "pen" ? answer : ({ cents: "none" } as unknown as typeof answer),
    );
    expect(await caught(() => asking.request(price, { item: "?" }))).toMatchObject({
      code: "REMOTE",
      remote: { message: expect.stringMatching(/price\.get\.reply.*cents/) as unknown },
    });
    expect(await asking.request(price, { item: "pen" })).toMatchObject({ cents: 5 });
    await close();
  });
});

test("a request that cannot be read is answered with an error and is a dead letter", async () => {
  const { asking, answering, clock, close } = await open();
  const older = call("price.get", { request: z.string(), reply: z.string() });
  await answering.reply(price, {}, () => answer);
  expect(await caught(() => asking.request(older, "pen"))).toMatchObject({ code: "REMOTE" });
  await clock.flush();
  expect(await lettersIn(answering.inbox(price.request))).toMatchObject([{ reason: "invalid", data: "pen" }]);
  await close();
});

describe("a caller that is gone", () => {
  test("gets no reply, which is reported, and the responder goes on", async () => {
    const { asking, answering, again, clock, reports, close } = await open();
    const gone = await again("gone");
    const request = outcomeOf(gone.request(price, { item: "a" }));
    await clock.flush();
    await gone.close();
    expect(request.state).toBe("rejected");
    await answering.reply(price, {}, () => answer);
    expect(await asking.request(price, { item: "b" })).toMatchObject({ cents: 5 });
    await clock.flush();
    expect(reports).toMatchObject([{ kind: "dropped", inbox: { source: "price.get" }, error: { code: "NO_ROUTE" } }]);
    expect(await answering.inbox(price.request).stats()).toMatchObject({ ready: 0, inFlight: 0, dead: 0 });
    await close();
  });

  test("cannot be told of a failure, so that the request is a dead letter", async () => {
    const { answering, again, clock, reports, close } = await open();
    const gone = await again("gone");
    const request = outcomeOf(gone.request(price, { item: "a" }));
    await clock.flush();
    await gone.close();
    expect(request.state).toBe("rejected");
    await answering.reply(price, {}, () => {
      throw new Error("failed");
    });
    await clock.flush();
    expect(reports).toMatchObject([{ kind: "dropped" }]);
    expect(await lettersIn(answering.inbox(price.request))).toMatchObject([{ reason: "exhausted" }]);
    await close();
  });
});

test("work that was sent to a call's queue is done, and nobody is answered", async () => {
  const { asking, answering, clock, reports, close } = await open();
  const seen: string[] = [];
  await answering.reply(price, {}, ({ data }) => {
    seen.push(data.item);
    return answer;
  });
  await asking.send(price.request, { item: "pen" });
  await clock.flush();
  expect([seen, reports]).toEqual([["pen"], []]);
  await close();
});

test("middlewares wrap the request on its way out and its handling, its failure too", async () => {
  const { asking, answering, close } = await open();
  const seen: string[] = [];
  asking.use({
    name: "tenant",
    publish: (next) => (outgoing) => {
      outgoing.headers = { ...outgoing.headers, tenant: "a" };
      return next(outgoing);
    },
  });
  answering.use({
    name: "log",
    handle: (next) => async (message) => {
      seen.push(message.headers["tenant"] ?? "none");
      await next(message).catch((error: unknown) => {
        seen.push(String(error));
        throw error;
      });
    },
  });
  await answering.reply(price, {}, () => {
    throw new Error("failed");
  });
  await caught(() => asking.request(price, { item: "a" }));
  expect(seen).toEqual(["a", "Error: failed"]);
  await close();
});

test.each(["refused", "unknown"] as const)(
  "a reply whose sending ends %s for the moment is sent again before its request is settled",
  async (outcome) => {
    const ids: string[] = [];
    const flaky = altered((transport) => ({
      async send(to, messages, options) {
        if (to.kind !== "reply") return transport.send(to, messages, options);
        ids.push(...messages.map(({ id }) => id));
        const results = outcome === "refused" && ids.length === 1 ? [] : await transport.send(to, messages, options);
        if (ids.length > 1) return results;
        return messages.map(() => ({ outcome, error: new WaybillError("UNAVAILABLE", "not now") }));
      },
    }));
    const { asking, answering, clock, close } = await open({ adapters: [flaky] });
    let handled = 0;
    await answering.reply(price, {}, () => {
      handled += 1;
      return answer;
    });
    const request = outcomeOf(asking.request(price, { item: "a" }));
    await clock.flush();
    expect((await answering.health()).healthy).toBe(false);
    expect(await answering.inbox(price.request).stats()).toMatchObject({ inFlight: 1 });
    await clock.advance(10_000);
    expect([request.value, handled, ids.length, new Set(ids).size]).toMatchObject([{ cents: 5 }, 1, 2, 1]);
    expect((await answering.health()).healthy).toBe(true);
    expect(await answering.inbox(price.request).stats()).toMatchObject({ inFlight: 0 });
    await close();
  },
);
