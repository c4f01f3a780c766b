import { expect, test } from "vitest";
import {
  baseOf,
  declared,
  eventually,
  inboxOf,
  letter,
  Member,
  retry,
  type Rig,
  rigOn,
  sent,
  sourceOf,
} from "./rig.ts";
import { describeRedis, startServer } from "./start-server.ts";

/** What is kept in times, and what in ids that begin with one. */
const scored = ["members", "due"];
const streams = ["ready0", "later", "bell", "dead"];

/**
 * Leaves an inbox as it is when the server's clock has jumped by so many ms: a process's clock cannot be set, so all times that
 * it has kept are moved the other way. After a jump back the streams go on from their last ids, which lie ahead.
 */
async function jump({ other }: Rig, base: string, ms: number): Promise<void> {
  for (const key of scored.map((name) => `${base}/${name}`)) {
    const flat = (await other.command("ZRANGE", [key, 0, -1, "WITHSCORES"])) as readonly Buffer[];
    for (let index = 0; index < flat.length; index += 2)
      await other.command("ZADD", [key, Number(flat[index + 1]) - ms, flat[index] ?? ""]);
  }
  if (ms > 0) return;
  for (const key of streams.map((name) => `${base}/${name}`))
    if ((await other.command("EXISTS", [key])) === 1) await other.command("XSETID", [key, `${Date.now() - ms}-0`]);
}

describeRedis("the server's clock", () => {
  test.each([
    ["forward", 3_600_000],
    ["back", -3_600_000],
  ])("jumps %s by an hour: what is ready, in hand and delayed comes, and the dead are found", async (_, ms) => {
    await using server = await startServer();
    await using rig = await rigOn(server.url);
    const source = sourceOf("jump");
    await declared(rig, source);
    const [inbox, base] = [inboxOf(source), baseOf(inboxOf(source))];
    await using member = await Member.of(rig, inbox, 2);
    await sent(rig, source, "a", "b", "the dead one's", letter("delayed", { deliverAt: Date.now() + 3_600_000 }));
    await member.has("a", "b");
    await rig.other.command("ZADD", [`${base}/members`, Date.now() + 60_000, "dead"]);
    await rig.other.command("XREADGROUP", ["GROUP", "g", "dead", "STREAMS", `${base}/ready0`, ">"]);
    await jump(rig, base, ms);
    await member.settle(member.got[0], { ...retry, delayMs: 50 });
    const soon = letter("soon", { deliverAt: Date.now() + 100 });
    expect(await sent(rig, source, "new", soon)).toEqual(["stored", "stored"]);
    const isBack = ms < 0;
    await eventually(async () => {
      await member.settleAll();
      const all = ["a", "b", "the dead one's", "new", "soon", ...(isBack ? [] : ["delayed"])];
      expect(new Set(member.ids)).toEqual(new Set(all));
      expect(await rig.transport.depth(inbox)).toMatchObject({ ready: 0, inFlight: 0, delayed: isBack ? 1 : 0 });
    });
    // And the other way again.
    await jump(rig, base, -ms);
    expect(await sent(rig, source, "last")).toEqual(["stored"]);
    await eventually(async () => {
      await member.settleAll();
      expect(member.ids).toEqual(expect.arrayContaining(["last"]));
      expect(await rig.transport.depth(inbox)).toMatchObject({ ready: 0, inFlight: 0 });
    });
  });
});
