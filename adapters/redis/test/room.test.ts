import { Buffer } from "node:buffer";
import { expect, test } from "vitest";
import { baseOf, commandsOf, declared, eventually, inboxOf, letter, Member, rigOn, sent, sourceOf } from "./rig.ts";
import { describeRedis, startServer } from "./start-server.ts";

describeRedis("a reader", () => {
  test("rests while it has no room for what the dead have left, and takes it when it has", async () => {
    await using server = await startServer();
    await using rig = await rigOn(server.url);
    const source = sourceOf("large");
    await declared(rig, source);
    const inbox = inboxOf(source);
    const ready = `${baseOf(inbox)}/ready0`;
    await sent(rig, source, letter("large", { body: Buffer.alloc(2 ** 20 - 3) }));
    await rig.other.command("XREADGROUP", ["GROUP", "g", "dead", "STREAMS", ready, ">"]);
    await using member = await Member.of(rig, inbox, 10);
    await sent(rig, source, "small");
    await member.has("small");
    await eventually(async () =>
      expect(await rig.other.command("SISMEMBER", [`${baseOf(inbox)}/fenced`, "dead"])).toBe(1),
    );
    const before = await commandsOf(rig);
    const renewals = rig.reports.length;
    await eventually(() => expect(rig.reports.length).toBeGreaterThan(renewals + 2));
    expect((await commandsOf(rig)) - before).toBeLessThan(200);
    await member.settle(member.got[0]);
    await member.has("small", "large");
  });

  test("delivers nothing that comes with the news that its lease is over (ACK-4)", async () => {
    await using server = await startServer();
    await using rig = await rigOn(server.url, { leaseMs: 5_000 });
    const source = sourceOf("over");
    await declared(rig, source);
    const inbox = inboxOf(source);
    await using member = await Member.of(rig, inbox, 1);
    await sent(rig, source, "a");
    await member.has("a");
    const flow = { bytes: 2 ** 20, settle: "after" } as const;
    member.receiver.resize({ ...flow, window: 1 });
    // It has no room and does not read; after this it is no member.
    await eventually(async () => expect(String(await rig.other.command("CLIENT", ["LIST"]))).not.toMatch(/ flags=b /));
    await rig.other.command("DEL", [`${baseOf(inbox)}/members`]);
    await sent(rig, source, "b", "c");
    member.receiver.resize({ ...flow, window: 3 });
    await eventually(() => expect(member.ids.toSorted()).toEqual(["a", "a", "b", "c"]));
    expect(member.lost.map(({ id }) => id)).toEqual(["a"]);
  });
});
