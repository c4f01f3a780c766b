import { virtualClock } from "@waybill/testing";
import { describe, expect, test } from "vitest";
import { Supervisor } from "../src/supervisor.ts";
import { outcomeOf } from "./support.ts";

interface Connection {
  readonly generation: number;
}

/** Connections by hand: each `open` waits until it is answered. */
function setUp() {
  const clock = virtualClock(0);
  const opening: { readonly generation: number; readonly ok: () => void; readonly fail: (why: string) => void }[] = [];
  const opened: number[] = [];
  const ended: number[] = [];
  const reports: string[] = [];
  const supervisor = new Supervisor<Connection>({
    clock,
    backoff: (attempt) => attempt * 100,
    open: (generation) => {
      opened.push(generation);
      return new Promise((resolve, reject) => {
        opening.push({ generation, ok: () => resolve({ generation }), fail: (why) => reject(new Error(why)) });
      });
    },
    end: async ({ generation }) => void ended.push(generation),
    report: (kind, error) => reports.push(error === undefined ? kind : `${kind}: ${error.code} ${error.message}`),
  });
  const answer = async (how: "ok" | { readonly fail: string }): Promise<void> => {
    const next = opening.shift();
    if (how === "ok") next?.ok();
    else next?.fail(how.fail);
    await clock.flush();
  };
  return { clock, supervisor, opened, ended, reports, answer };
}

async function started() {
  const parts = setUp();
  void parts.supervisor.start();
  await parts.answer("ok");
  return parts;
}

describe("start", () => {
  test("resolves to the first connection, generation 1", async () => {
    const { supervisor, answer } = setUp();
    const start = outcomeOf(supervisor.start());
    expect(supervisor.state).toBe("connecting");
    expect(supervisor.connection).toBeUndefined();
    await answer("ok");
    expect(start).toEqual({ state: "resolved", value: { generation: 1 } });
    expect(supervisor).toMatchObject({ state: "up", generation: 1, connection: { generation: 1 } });
  });

  test("that fails rejects at once, tries no more, and leaves nobody waiting", async () => {
    const { clock, supervisor, opened, answer } = setUp();
    const start = outcomeOf(supervisor.start());
    const ready = outcomeOf(supervisor.ready());
    await answer({ fail: "wrong password" });
    expect(start).toMatchObject({ state: "rejected", value: { message: "wrong password" } });
    expect(ready).toMatchObject({ state: "rejected", value: { code: "CLOSED" } });
    await clock.advance(10_000);
    expect(opened).toEqual([1]);
    expect(supervisor.state).toBe("closed");
  });
});

describe("after a loss", () => {
  test("opens the next generation after the backoff, and says so", async () => {
    const { clock, supervisor, opened, reports, answer } = await started();
    supervisor.lost(1, new Error("reset"));
    expect(supervisor).toMatchObject({ state: "down", connection: undefined });
    const ready = outcomeOf(supervisor.ready());
    await clock.advance(99);
    expect(opened).toEqual([1]);
    await clock.advance(1);
    expect(opened).toEqual([1, 2]);
    await answer("ok");
    expect(ready).toEqual({ state: "resolved", value: { generation: 2 } });
    expect(reports).toEqual(["lost: UNAVAILABLE reset", "restored"]);
  });

  test("waits longer after each failed try, and from the start after a success", async () => {
    const { clock, supervisor, opened, answer } = await started();
    supervisor.lost(1, new Error("reset"));
    await clock.advance(100);
    await answer({ fail: "refused" });
    await clock.advance(199);
    expect(opened).toEqual([1, 2]);
    await clock.advance(1);
    await answer({ fail: "refused" });
    await clock.advance(300);
    await answer("ok");
    expect(opened).toEqual([1, 2, 3, 4]);
    supervisor.lost(4, new Error("reset"));
    await clock.advance(100);
    expect(opened).toEqual([1, 2, 3, 4, 5]);
  });

  test("a loss of an older generation, or the same one again, is nothing new", async () => {
    const { clock, supervisor, opened, reports, answer } = await started();
    supervisor.lost(1, new Error("reset"));
    supervisor.lost(1, new Error("again"));
    await clock.advance(100);
    await answer("ok");
    supervisor.lost(1, new Error("late"));
    supervisor.lost(3, new Error("from the future"));
    await clock.advance(10_000);
    expect(supervisor.state).toBe("up");
    expect(opened).toEqual([1, 2]);
    expect(reports).toHaveLength(2);
  });

  test("a connection that is lost before it is open is ended and replaced", async () => {
    const { clock, supervisor, opened, ended, answer } = await started();
    supervisor.lost(1, new Error("reset"));
    await clock.advance(100);
    supervisor.lost(2, new Error("reset at once"));
    await answer("ok");
    expect(ended).toEqual([2]);
    expect(supervisor).toMatchObject({ state: "down", connection: undefined });
    await clock.advance(200);
    await answer("ok");
    expect(supervisor).toMatchObject({ state: "up", connection: { generation: 3 } });
    expect(opened).toEqual([1, 2, 3]);
  });

  test("a first connection that is lost before it is open fails the start", async () => {
    const { supervisor, ended, answer } = setUp();
    const start = outcomeOf(supervisor.start());
    supervisor.lost(1, new Error("reset at once"));
    await answer("ok");
    expect(start).toMatchObject({ state: "rejected", value: { code: "UNAVAILABLE", message: "reset at once" } });
    expect(ended).toEqual([1]);
  });
});

describe("close", () => {
  test("ends the connection, once", async () => {
    const { supervisor, ended } = await started();
    await Promise.all([supervisor.close(), supervisor.close()]);
    await supervisor.close();
    expect(ended).toEqual([1]);
    expect(supervisor).toMatchObject({ state: "closed", connection: undefined });
    await expect(supervisor.ready()).rejects.toMatchObject({ code: "CLOSED" });
  });

  test("while it waits to open again: opens no more, leaves no timer and nobody waiting", async () => {
    const { clock, supervisor, opened } = await started();
    supervisor.lost(1, new Error("reset"));
    const ready = outcomeOf(supervisor.ready());
    await clock.flush();
    await supervisor.close();
    expect(clock.pending).toBe(0);
    await clock.advance(10_000);
    expect(opened).toEqual([1]);
    expect(ready).toMatchObject({ state: "rejected", value: { code: "CLOSED" } });
  });

  test("while one is opening: what opens late is ended at once and given to nobody", async () => {
    const { clock, supervisor, opened, ended, reports, answer } = await started();
    supervisor.lost(1, new Error("reset"));
    await clock.advance(100);
    await supervisor.close();
    await answer("ok");
    await clock.advance(10_000);
    expect(ended).toEqual([2]);
    expect(opened).toEqual([1, 2]);
    expect(supervisor).toMatchObject({ state: "closed", connection: undefined });
    expect(reports).toEqual(["lost: UNAVAILABLE reset"]);
  });

  test("while the first one is opening: the start rejects", async () => {
    const { supervisor, ended, answer } = setUp();
    const start = outcomeOf(supervisor.start());
    await supervisor.close();
    await answer("ok");
    expect(start).toMatchObject({ state: "rejected", value: { code: "CLOSED" } });
    expect(ended).toEqual([1]);
  });

  test("a loss afterwards is nothing new", async () => {
    const { supervisor, reports } = await started();
    await supervisor.close();
    supervisor.lost(1, new Error("reset"));
    expect(supervisor.state).toBe("closed");
    expect(reports).toEqual([]);
  });
});
