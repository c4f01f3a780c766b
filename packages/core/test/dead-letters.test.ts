import { describe, expect, test } from "vitest";
import { z } from "zod";
import { encoder } from "../src/cloud-events.ts";
import { json } from "../src/codec.ts";
import { DeadLetters } from "../src/dead-letters.ts";
import type { Envelope } from "../src/envelope.ts";
import { inboxOf } from "../src/inbox.ts";
import { deathNote } from "../src/note.ts";
import type { Delivery, Transport, Verdict, Visit } from "../src/seam.ts";
import { topic } from "../src/topic.ts";
import { caught, delivery } from "./support.ts";

const orders = topic("orders", { schema: z.any() });
const inbox = inboxOf(orders, "billing");

function letter(id: string, over: Partial<Delivery> = {}): Delivery {
  const envelope = { id, timestamp: 0, correlationId: id, headers: { own: "header" } } as unknown as Envelope;
  const { headers, body } = encoder(json, "orders", "shop", 1)(envelope, { id });
  const death = { reason: "exhausted", attempts: 3, deadAt: 5, source: "orders", group: "billing" } as const;
  return delivery(id, { headers: { ...headers, ...deathNote({}, death, new Error(`${id} failed`)) }, body, ...over });
}

type Walk = (visit: Visit, signal: AbortSignal) => Promise<void>;

/** An adapter's walk as the seam describes it, and what was answered to each letter. */
function setUp(letters: readonly Delivery[], walk?: Walk) {
  const answers: Verdict[] = [];
  const state = { ended: false };
  const plain: Walk = async (visit, signal) => {
    for (const each of letters) {
      if (signal.aborted) return;
      const verdict = await visit(each);
      answers.push(verdict);
      if (verdict === "stop") return;
    }
  };
  const transport = {
    walk: async (_: unknown, visit: Visit, signal: AbortSignal) => {
      try {
        await (walk ?? plain)(visit, signal);
      } finally {
        state.ended = true;
      }
    },
  } as unknown as Transport;
  const ready = { calls: 0 };
  const deadLetters = new DeadLetters(transport, inbox, orders, async () => void (ready.calls += 1));
  return { deadLetters, answers, state, ready };
}

const letters = ["a", "b", "c"].map((id) => letter(id));

async function ids(list: AsyncIterable<{ readonly id: string }>): Promise<readonly string[]> {
  const seen: string[] = [];
  for await (const { id } of list) seen.push(id);
  return seen;
}

describe("list", () => {
  test("shows each letter once, in order, and keeps all", async () => {
    const { deadLetters, answers, state } = setUp(letters);
    expect(await ids(deadLetters.list())).toEqual(["a", "b", "c"]);
    expect(answers).toEqual(["keep", "keep", "keep"]);
    expect(state.ended).toBe(true);
  });

  test("of an empty lane ends at once", async () => {
    expect(await ids(setUp([]).deadLetters.list())).toEqual([]);
  });

  test("shows the data, the user's headers and why", async () => {
    const { deadLetters } = setUp([letter("a", { key: "k" })]);
    const { value } = await deadLetters.list().next();
    expect(value).toMatchObject({
      id: "a",
      key: "k",
      data: { id: "a" },
      headers: { own: "header" },
      reason: "exhausted",
      attempts: 3,
      error: { message: "a failed" },
      group: "billing",
      history: [],
    });
    expect(Object.keys(value?.headers ?? {})).toEqual(["own"]);
  });

  test("shows what does not decode with its raw bytes, and one whose note is gone as malformed", async () => {
    const body = Buffer.from([0xff]);
    const { deadLetters } = setUp([letter("a", { headers: {}, body, failures: 2, malformed: "cut off" })]);
    const { value } = await deadLetters.list().next();
    expect(value).toMatchObject({ reason: "malformed", attempts: 2, data: undefined, error: { message: "cut off" } });
    expect(value?.raw).toBe(body);
  });

  test("a letter is answered only when the next one is asked for", async () => {
    const { deadLetters, answers } = setUp(letters);
    const list = deadLetters.list();
    await list.next();
    await new Promise((resolve) => setImmediate(resolve));
    expect(answers).toEqual([]);
    await list.next();
    expect(answers).toEqual(["keep"]);
  });

  test("an early break stops the walk and waits for its end", async () => {
    const { deadLetters, answers, state } = setUp(letters);
    for await (const { id } of deadLetters.list()) if (id === "b") break;
    expect(answers).toEqual(["keep", "stop"]);
    expect(state.ended).toBe(true);
  });

  test("a throw in the loop stops the walk and is the error", async () => {
    const { deadLetters, state } = setUp(letters);
    const run = async (): Promise<void> => {
      for await (const { id } of deadLetters.list()) throw new Error(`cannot show ${id}`);
    };
    await expect(run()).rejects.toThrow("cannot show a");
    expect(state.ended).toBe(true);
  });

  test("the signal ends it, with its reason", async () => {
    const abort = new AbortController();
    const { deadLetters, answers, state } = setUp(letters);
    const reason = new Error("enough");
    const run = async (): Promise<void> => {
      for await (const _ of deadLetters.list({ signal: abort.signal })) abort.abort(reason);
    };
    expect(await caught(run)).toBe(reason);
    expect(answers).toEqual(["keep"]);
    expect(state.ended).toBe(true);
  });

  test("a signal that fired before shows nothing", async () => {
    const { deadLetters, answers } = setUp(letters);
    await expect(ids(deadLetters.list({ signal: AbortSignal.abort() }))).rejects.toThrow("aborted");
    expect(answers).toEqual([]);
  });

  test("a walk that fails rejects it, after what was shown", async () => {
    const { deadLetters } = setUp([], async (visit) => {
      await visit(letters[0] as Delivery);
      throw new Error("the connection is gone");
    });
    const list = deadLetters.list();
    expect((await list.next()).value).toMatchObject({ id: "a" });
    await expect(list.next()).rejects.toThrow("the connection is gone");
    expect(await list.next()).toEqual({ done: true, value: undefined });
  });

  test.each([
    ["rejects", new Error("the connection is gone")],
    ["resolves", undefined],
  ])("a walk that %s without waiting for the answer leaves nobody hanging", async (_, error) => {
    const { deadLetters } = setUp([], async (visit) => {
      void visit(letters[0] as Delivery);
      await new Promise((resolve) => setImmediate(resolve));
      if (error !== undefined) throw error;
    });
    const list = deadLetters.list();
    expect((await list.next()).value).toMatchObject({ id: "a" });
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    const end = await list.next().catch((thrown: unknown) => thrown);
    expect(end).toEqual(error ?? { done: true, value: undefined });
  });

  test("two lists at once do not disturb each other", async () => {
    const { deadLetters } = setUp(letters);
    expect(await Promise.all([ids(deadLetters.list()), ids(deadLetters.list())])).toEqual([
      ["a", "b", "c"],
      ["a", "b", "c"],
    ]);
  });
});

describe.each(["redrive", "discard"] as const)("%s", (verdict) => {
  test("does it to exactly what was named, and says to how many", async () => {
    const { deadLetters, answers, ready } = setUp(letters);
    expect(await deadLetters[verdict](["a", "c", "unknown"])).toBe(2);
    expect(answers).toEqual([verdict, "keep", verdict]);
    expect(ready.calls).toBe(1);
  });

  test("takes all, or what a function chooses", async () => {
    const { deadLetters, answers } = setUp(letters);
    expect(await deadLetters[verdict]("all")).toBe(3);
    expect(await deadLetters[verdict](({ data }) => (data as { id: string }).id === "b")).toBe(1);
    expect(answers).toEqual([verdict, verdict, verdict, "keep", verdict, "keep"]);
  });

  test("rejects with what the choosing function throws", async () => {
    const choose = (): never => {
      throw new Error("cannot choose");
    };
    await expect(setUp(letters).deadLetters[verdict](choose)).rejects.toThrow("cannot choose");
  });

  test("the signal ends it", async () => {
    const { deadLetters, answers } = setUp(letters);
    await expect(deadLetters[verdict]("all", { signal: AbortSignal.abort() })).rejects.toThrow("aborted");
    expect(answers).toEqual([]);
  });
});
