import { systemClock } from "@waybill/core";
import { containing } from "@waybill/test-servers";
import { expect, test, vi } from "vitest";
import { redisStore } from "../src/index.ts";
import { dead, declared, eventually, inboxOf, leaseMs, Member, retry, type Rig, rigOn, sent, sourceOf } from "./rig.ts";
import { describeRedis, startServer } from "./start-server.ts";

const refusedAs = (code: string, part: string): unknown => ({
  outcome: "refused",
  error: expect.objectContaining({ code, message: containing(part) }) as unknown,
});

describeRedis("a server whose memory is full", () => {
  test("refuses what is published, and lets go on whoever frees it: acks, retries, dead letters, leases", async () => {
    await using server = await startServer();
    await using rig = await rigOn(server.url);
    const source = sourceOf("full");
    await declared(rig, source);
    const inbox = inboxOf(source);
    await using member = await Member.of(rig, inbox, 3);
    await sent(rig, source, ..."abcdefgh".split(""));
    await member.has("a", "b", "c");
    await rig.other.command("CONFIG", ["SET", "maxmemory", 1]);
    expect(await sent(rig, source, "x")).toEqual([refusedAs("FULL", "raise maxmemory")]);
    await longerThanALease();
    expect(member.lost).toEqual([]);
    const [a, b, c] = member.got;
    expect(await member.settle(a)).toEqual(["settled"]);
    expect(await member.settle(b, retry)).toEqual(["settled"]);
    expect(await member.settle(c, { ...retry, delayMs: 100 })).toEqual(["settled"]);
    await member.has("a", "b", "c", "d", "e", "f");
    expect(await member.settle(member.got[3], dead)).toEqual(["settled"]);
    await using late = await rigOn(server.url);
    await using helper = await Member.of(late, inbox);
    await eventually(async () => {
      await helper.settleAll();
      expect(helper.ids).toEqual(expect.arrayContaining(["b", "c"]));
    });
    await member.settleAll();
    await eventually(async () => {
      await Promise.all([member.settleAll(), helper.settleAll()]);
      const empty = { ready: 0, inFlight: 0, delayed: 0, dead: 1 };
      expect(await rig.transport.depth(inbox)).toMatchObject(empty);
    });
    await rig.other.command("CONFIG", ["SET", "maxmemory", 0]);
    expect(await sent(rig, source, "x")).toEqual(["stored"]);
    expect([...member.ids, ...helper.ids].toSorted().join("")).toMatch(/^abbccdefgh/);
  });

  test("lets a handler know what has been handled, and write down that it has", async () => {
    await using server = await startServer();
    await using rig = await rigOn(server.url);
    await using store = await redisStore(server.url);
    await rig.other.command("CONFIG", ["SET", "maxmemory", 1]);
    expect(await store.claim("k", "me", 5_000)).toBe("claimed");
    expect(await store.complete("k", "me", undefined, 5_000)).toBe(true);
    expect(await store.claim("k", "you", 5_000)).toMatchObject({ state: "done" });
  });
});

describeRedis("a server that cannot write to its disk", () => {
  test("refuses all with a reason, and afterwards nothing is lost", async () => {
    await using server = await startServer("--save", "3600 1", "--enable-protected-configs", "yes");
    await using rig = await rigOn(server.url);
    const source = sourceOf("disk");
    await declared(rig, source);
    const inbox = inboxOf(source);
    await using member = await Member.of(rig, inbox, 2);
    await sent(rig, source, ..."abcd".split(""));
    await member.has("a", "b");
    const dir = String(((await rig.other.command("CONFIG", ["GET", "dir"])) as Buffer[])[1]);
    await rig.other.command("CONFIG", ["SET", "dir", "/proc"]);
    await save(rig, "err");
    const why = "cannot write to its disk";
    expect(await sent(rig, source, "x")).toEqual([refusedAs("UNAVAILABLE", why)]);
    const refused = expect.objectContaining({ code: "UNAVAILABLE", message: containing(why) }) as unknown;
    expect(await member.settle(member.got[0])).toEqual([refused]);
    await eventually(() => expect(member.lost.map(({ id }) => id).toSorted()).toEqual(["a", "b"]));
    await rig.other.command("CONFIG", ["SET", "dir", dir]);
    await save(rig, "ok");
    expect(await sent(rig, source, "x")).toEqual(["stored"]);
    await eventually(async () => {
      await member.settleAll();
      expect(await rig.transport.depth(inbox)).toMatchObject({ ready: 0, inFlight: 0 });
    });
    expect(new Set(member.ids)).toEqual(new Set(["a", "b", "c", "d", "x"]));
  });
});

async function longerThanALease(): Promise<void> {
  const until = systemClock.now() + 2 * leaseMs;
  await eventually(() => expect(systemClock.now()).toBeGreaterThan(until));
}

/** Lets the server save its data, and waits until that has ended so. */
async function save({ other }: Rig, outcome: "ok" | "err"): Promise<void> {
  await vi.waitFor(
    async () => {
      await other.command("BGSAVE", []).catch(() => undefined);
      expect(String(await other.command("INFO", ["persistence"]))).toContain(`rdb_last_bgsave_status:${outcome}`);
    },
    { timeout: 10_000 },
  );
}
