import { virtualClock } from "@waybill/testing";
import { describe, expect, test } from "vitest";
import { Budget } from "../src/budget.ts";
import { WaybillError } from "../src/errors.ts";
import type { LaneOptions } from "../src/lane.ts";
import { Lane } from "../src/lane.ts";
import type { SendResult, WireMessage } from "../src/seam.ts";
import { caught, outcomeOf, wire } from "./support.ts";

const unavailable = new WaybillError("UNAVAILABLE", "the connection is gone");
const unknown: SendResult = { outcome: "unknown", error: unavailable };
const later: SendResult = { outcome: "refused", error: unavailable };
const never: SendResult = { outcome: "refused", error: new WaybillError("TOO_LARGE", "too large") };

type Answer = (results: SendResult | readonly SendResult[]) => void;

/** A broker by hand: every batch that was sent, and the answer to each. */
function setUp(over: Partial<LaneOptions> = {}) {
  const clock = virtualClock(0);
  const sent: string[][] = [];
  const answers: Answer[] = [];
  const send = async (batch: readonly WireMessage[]): Promise<readonly SendResult[]> => {
    sent.push(batch.map(({ id }) => id));
    return new Promise((resolve) => {
      answers.push((results) =>
        resolve(typeof results === "object" && "length" in results ? results : batch.map(() => results)),
      );
    });
  };
  const lane = new Lane({ depth: 1, maxBatch: 10, budget: new Budget(1e9), clock, backoff: () => 100, send, ...over });
  const push = (id: string, { deadline = 10_000, signal }: { deadline?: number; signal?: AbortSignal } = {}) =>
    outcomeOf(lane.push(wire(id), deadline, signal, id));
  return { clock, lane, sent, push, answer: (results: Parameters<Answer>[0]) => answers.shift()?.(results) };
}

const error = (code: string): unknown => ({ state: "rejected", value: expect.objectContaining({ code }) as unknown });

describe("self-clocking", () => {
  test("alone a message leaves at once, without any timer", async () => {
    const { lane, sent } = setUp();
    void lane.push(wire("a"), 10_000, undefined, "a").catch(() => undefined);
    await Promise.resolve();
    expect(sent).toEqual([["a"]]);
  });

  test("what comes in one tick goes in one batch, what comes meanwhile in the next", async () => {
    const { clock, sent, push, answer } = setUp();
    for (const id of ["a", "b", "c"]) push(id);
    await clock.flush();
    for (const id of ["d", "e"]) push(id);
    await clock.flush();
    expect(sent).toEqual([["a", "b", "c"]]);
    answer("stored");
    await clock.flush();
    expect(sent).toEqual([
      ["a", "b", "c"],
      ["d", "e"],
    ]);
  });

  test("at most depth batches are in flight", async () => {
    const { clock, sent, push, answer } = setUp({ depth: 3, maxBatch: 2 });
    for (let index = 0; index < 10; index += 1) push(`${index}`);
    await clock.flush();
    expect(sent).toEqual([
      ["0", "1"],
      ["2", "3"],
      ["4", "5"],
    ]);
    answer("stored");
    await clock.flush();
    expect(sent.slice(3)).toEqual([["6", "7"]]);
  });

  test("a batch holds about 4 MiB at most, and one larger message alone", async () => {
    const { clock, lane, sent, answer } = setUp({ maxBatch: 100 });
    for (const [id, size] of [
      ["a", 3],
      ["b", 2],
      ["c", 9],
      ["d", 1],
    ] as const) {
      void lane.push(wire(id, { body: new Uint8Array(size * 2 ** 20) }), 10_000, undefined, id);
    }
    for (let batch = 0; batch < 4; batch += 1) {
      await clock.flush();
      answer("stored");
    }
    expect(sent).toEqual([["a"], ["b"], ["c"], ["d"]]);
  });
});

describe("what becomes of a message", () => {
  test("stored resolves it, to the value given", async () => {
    const { clock, push, answer } = setUp();
    const a = push("a");
    await clock.flush();
    expect(a.state).toBe("pending");
    answer("stored");
    await clock.flush();
    expect(a).toEqual({ state: "resolved", value: "a" });
    expect(clock.pending).toBe(0);
  });

  test("a refusal rejects it alone", async () => {
    const { clock, push, answer } = setUp();
    const [a, b, c] = ["a", "b", "c"].map((id) => push(id));
    await clock.flush();
    answer(["stored", never, "stored"]);
    await clock.flush();
    expect([a?.state, b, c?.state]).toEqual(["resolved", error("TOO_LARGE"), "resolved"]);
  });

  test("unknown and refused for the moment go again, after the backoff and before everything later", async () => {
    const { clock, sent, push, answer } = setUp();
    const all = ["a", "b", "c"].map((id) => push(id));
    await clock.flush();
    all.push(push("d"));
    answer([unknown, "stored", later]);
    await clock.flush();
    await clock.advance(99);
    expect(sent).toHaveLength(1);
    await clock.advance(1);
    expect(sent[1]).toEqual(["a", "c", "d"]);
    answer("stored");
    await clock.flush();
    expect(all.map(({ state }) => state)).toEqual(["resolved", "resolved", "resolved", "resolved"]);
  });

  test("a send that throws, rejects, or answers too little is unknown, never a hang", async () => {
    const sends = [
      (): never => {
        throw new Error("no");
      },
      () => Promise.reject(new Error("no")),
      () => Promise.resolve([]),
      () => Promise.resolve(["stored"] as const),
    ];
    const { clock, push } = setUp({ maxBatch: 1, send: () => sends.shift()?.() ?? Promise.resolve(["stored"]) });
    const all = [push("a"), push("b")];
    await clock.advance(1_000);
    expect(all.map(({ state }) => state)).toEqual(["resolved", "resolved"]);
  });

  test("the backoff grows with each failure in a row, those at once being one, and begins anew after a success", async () => {
    const asked: number[] = [];
    const results: SendResult[] = [later, later, later, later, "stored", "stored", later, "stored"];
    const send = async (): Promise<readonly SendResult[]> => [results.shift() ?? "stored"];
    const { clock, push } = setUp({ send, depth: 2, maxBatch: 1, backoff: (attempt) => (asked.push(attempt), 10) });
    for (const id of ["a", "z"]) push(id);
    await clock.advance(100);
    push("b");
    await clock.advance(100);
    expect(asked).toEqual([1, 2, 1]);
  });

  test("unknown is sticky: a later refusal, for the moment or for good, does not make it not stored (PUB-2)", async () => {
    const { clock, push, answer } = setUp();
    const a = push("a");
    const b = push("b", { deadline: 500 });
    await clock.flush();
    answer(unknown);
    await clock.advance(100);
    answer([never, later]);
    await clock.flush();
    expect(a).toEqual(error("OUTCOME_UNKNOWN"));
    expect(a.value).toMatchObject({ cause: unavailable });
    await clock.advance(400);
    expect(b).toEqual(error("OUTCOME_UNKNOWN"));
  });
});

describe("the deadline", () => {
  test("of a message that waits is TIMEOUT, of one in flight OUTCOME_UNKNOWN", async () => {
    const { clock, sent, push, answer } = setUp({ maxBatch: 1 });
    const flying = push("flying", { deadline: 1_000 });
    const waiting = push("waiting", { deadline: 500 });
    await clock.advance(499);
    expect([flying.state, waiting.state]).toEqual(["pending", "pending"]);
    await clock.advance(1);
    expect([flying.state, waiting]).toEqual(["pending", error("TIMEOUT")]);
    await clock.advance(500);
    expect(flying).toEqual(error("OUTCOME_UNKNOWN"));
    answer("stored");
    await clock.advance(1_000);
    expect(sent).toEqual([["flying"]]);
    expect(clock.pending).toBe(0);
  });

  test("of one that was refused for the moment is TIMEOUT, since it is certainly not stored", async () => {
    const { clock, push, answer } = setUp();
    const a = push("a", { deadline: 50 });
    await clock.flush();
    answer(later);
    await clock.advance(50);
    expect(a).toEqual(error("TIMEOUT"));
  });

  test("the batch is sent with the latest deadline in it", async () => {
    const deadlines: number[] = [];
    const send: LaneOptions["send"] = async (batch, deadline) => {
      deadlines.push(deadline);
      return batch.map(() => "stored");
    };
    const { clock, push } = setUp({ send });
    push("a", { deadline: 700 });
    push("b", { deadline: 900 });
    push("c", { deadline: 800 });
    await clock.flush();
    expect(deadlines).toEqual([900]);
  });

  test("Infinity needs no timer", async () => {
    const { clock, push } = setUp();
    push("a", { deadline: Infinity });
    await clock.flush();
    expect(clock.pending).toBe(0);
  });
});

describe("the signal", () => {
  test("takes back what waits, and what is in flight is unknown", async () => {
    const { clock, sent, push, answer } = setUp({ maxBatch: 1 });
    const abort = new AbortController();
    const flying = push("flying", { signal: abort.signal });
    const waiting = push("waiting", { signal: abort.signal });
    const other = push("other");
    await clock.flush();
    abort.abort(new Error("enough"));
    await clock.flush();
    expect([flying, waiting]).toEqual([error("OUTCOME_UNKNOWN"), error("ABORTED")]);
    expect((waiting.value as Error).cause).toBe(abort.signal.reason);
    answer("stored");
    await clock.flush();
    expect(sent).toEqual([["flying"], ["other"]]);
    expect(other.state).toBe("pending");
  });

  test("that has fired already refuses the message, and nothing is sent", async () => {
    const { clock, sent, push } = setUp();
    const a = push("a", { signal: AbortSignal.abort() });
    await clock.flush();
    expect([a, sent]).toEqual([error("ABORTED"), []]);
  });

  test("is let go of once the message has settled", async () => {
    const { clock, push, answer } = setUp();
    const abort = new AbortController();
    const a = push("a", { signal: abort.signal });
    await clock.flush();
    answer("stored");
    await clock.flush();
    abort.abort();
    await clock.flush();
    expect(a.state).toBe("resolved");
  });
});

describe("the budget", () => {
  test("refuses with BUSY beyond it, and is given back by everything that settles", async () => {
    const { clock, lane, push, answer } = setUp({ budget: new Budget(600), maxBatch: 1 });
    const abort = new AbortController();
    push("a");
    push("b", { deadline: 500 });
    push("c", { signal: abort.signal });
    expect(await caught(() => lane.push(wire("d"), 10_000, undefined, "d"))).toMatchObject({ code: "BUSY" });
    await clock.advance(500);
    push("e");
    expect(push("f").state).toBe("pending");
    abort.abort();
    await clock.flush();
    push("g");
    answer("stored");
    await clock.flush();
    expect(push("h").state).toBe("pending");
    await clock.flush();
    expect(clock.pending).toBe(1);
  });
});

describe("drained", () => {
  test("resolves at once when nothing is under way, else when all has settled, however", async () => {
    const { clock, lane, push, answer } = setUp({ maxBatch: 1 });
    await lane.drained();
    push("a");
    push("b", { deadline: 100 });
    const drained = outcomeOf(lane.drained());
    await clock.advance(100);
    expect(drained.state).toBe("pending");
    answer("stored");
    await clock.flush();
    expect(drained.state).toBe("resolved");
  });
});
