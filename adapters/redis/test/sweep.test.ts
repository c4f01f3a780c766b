import { Buffer } from "node:buffer";
import { expect, test } from "vitest";
import { keysOfInbox } from "../src/names.ts";
import { sweep } from "../src/scripts/members.ts";
import { baseOf, declared, inboxOf, letter, rigOn, sent, sourceOf } from "./rig.ts";
import { describeRedis, startServer } from "./start-server.ts";

describeRedis("the sweep", () => {
  test("reads little at once where messages are long, goes on from there, and finds what is in nobody's hands", async () => {
    await using server = await startServer();
    await using rig = await rigOn(server.url, { leaseMs: 60_000 });
    const source = sourceOf("long");
    await declared(rig, source);
    const base = baseOf(inboxOf(source));
    const ready = `${base}/ready0`;
    const body = Buffer.alloc(2 ** 20);
    for (let n = 0; n < 24; n += 1) await sent(rig, source, letter(`no ${n}`, { body }));
    await rig.other.command("ZADD", [`${base}/members`, Date.now() + 60_000, "me"]);
    await rig.other.command("XREADGROUP", ["GROUP", "g", "me", "COUNT", 22, "STREAMS", ready, ">"]);
    await rig.other.command("XREADGROUP", ["GROUP", "g", "other", "COUNT", 1, "STREAMS", ready, ">"]);
    await rig.other.command("XGROUP", ["DELCONSUMER", ready, "g", "other"]);
    const found: number[] = [];
    for (let cursor = "-"; found.length === 0 || cursor !== "-";) {
      const reply = await rig.other.run(sweep, keysOfInbox(base, 1), [base, 1, 60_000, cursor]);
      const [count, next] = reply as [number, Buffer];
      found.push(count);
      cursor = String(next);
    }
    expect(found).toEqual([0, 0, 1]);
    const pending = (await rig.other.command("XPENDING", [ready, "g"])) as readonly unknown[];
    expect(pending[0]).toBe(22);
    expect(await rig.transport.depth(inboxOf(source))).toMatchObject({ ready: 2, inFlight: 22 });
  });

  test("rings for what is due, for whoever knew of it may be gone (DLY-1)", async () => {
    await using server = await startServer();
    await using rig = await rigOn(server.url, { leaseMs: 60_000 });
    const source = sourceOf("due");
    await declared(rig, source);
    const base = baseOf(inboxOf(source));
    const bells = (): Promise<unknown> => rig.other.command("XLEN", [`${base}/bell`]);
    const swept = (): Promise<unknown> => rig.other.run(sweep, keysOfInbox(base, 1), [base, 1, 60_000, "-"]);
    await rig.other.command("ZADD", [`${base}/due`, Date.now() + 3_600_000, "1-0"]);
    await swept();
    expect(await bells()).toBe(0);
    await rig.other.command("ZADD", [`${base}/due`, Date.now() - 1_000, "1-0"]);
    await swept();
    expect(await bells()).toBe(1);
  });
});
