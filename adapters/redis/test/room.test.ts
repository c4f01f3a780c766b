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
});
