import { Buffer } from "node:buffer";
import { expect, test } from "vitest";
import { keysOfInbox } from "../src/names.ts";
import { take } from "../src/scripts/take.ts";
import { baseOf, declared, eventually, inboxOf, letter, Member, rigOn, sent, sourceOf } from "./rig.ts";
import { describeRedis, startServer } from "./start-server.ts";

describeRedis("what falls due at once", () => {
  test("is made ready in short steps where it is long, and all of it comes", async () => {
    await using server = await startServer();
    await using rig = await rigOn(server.url, { leaseMs: 60_000 });
    const source = sourceOf("due");
    await declared(rig, source);
    const inbox = inboxOf(source);
    const base = baseOf(inbox);
    const ids = "abcdef".split("");
    const more = { body: Buffer.alloc(2 ** 20), deliverAt: Date.now() + 500 };
    await sent(rig, source, ...ids.map((id) => letter(id, more)));
    await eventually(async () => expect(await rig.transport.depth(inbox)).toMatchObject({ ready: 6, delayed: 0 }));
    await rig.other.command("ZADD", [`${base}/members`, Date.now() + 60_000, "me"]);
    await rig.other.run(take, keysOfInbox(base, 1), [base, "me", 1, 0, 1, 0, 0, 60_000, 0]);
    expect(Number(await rig.other.command("ZCARD", [`${base}/due`]))).toBeGreaterThan(0);
    await using member = await Member.of(rig, inbox);
    await eventually(async () => {
      await member.settleAll();
      expect(member.ids.toSorted()).toEqual(ids);
    });
  });

  test("is made ready for others by a member whose own hands are full", async () => {
    await using server = await startServer();
    await using rig = await rigOn(server.url, { leaseMs: 60_000 });
    const source = sourceOf("full");
    await declared(rig, source);
    const base = baseOf(inboxOf(source));
    await sent(rig, source, "in hand", letter("later", { deliverAt: Date.now() + 500 }));
    await using member = await Member.of(rig, inboxOf(source), 1);
    await member.has("in hand");
    const stored = (): Promise<readonly number[]> =>
      Promise.all(
        ["due", "ready0"].map(async (part) =>
          Number(await rig.other.command(part === "due" ? "ZCARD" : "XLEN", [`${base}/${part}`])),
        ),
      );
    await eventually(async () => expect(await stored()).toEqual([0, 2]));
    expect(member.ids).toEqual(["in hand"]);
  });
});
