import { expect, test } from "vitest";
import { redisStore } from "../src/index.ts";
import { declared, inboxOf, Member, retry, rigOn, sent, sourceOf } from "./rig.ts";
import { urlWith } from "./connection.ts";
import { describeRedis, startServer } from "./start-server.ts";

/** As the README has it. */
const rules = "on >secret ~wb:* ~waybill:once:* +@all -@admin -@dangerous +info +client|unblock";

describeRedis("a user who may only what we need", () => {
  test("can do everything, and a server that tells no settings is credited with less", async () => {
    await using server = await startServer("--appendonly", "yes", "--appendfsync", "always");
    await using admin = await rigOn(server.url);
    await admin.other.command("ACL", ["SETUSER", "waybill", ...rules.split(" ")]);
    const url = urlWith(server.url, { username: "waybill", password: "secret" });
    await using rig = await rigOn(url, {}, server.url);
    const source = sourceOf("topic", { kind: "topic", ordered: true, retainMs: 60_000 });
    await declared(rig, source, "g");
    const inbox = inboxOf(source, "g");
    const place = { kind: "inbox", inbox, start: { from: "beginning", reset: true } } as const;
    await sent(rig, source, "a");
    await rig.transport.declare([place]);
    const member = await Member.of(rig, inbox);
    await member.has("a");
    expect(await member.settle(member.got[0], retry)).toEqual(["settled"]);
    await member.has("a", "a");
    expect(await rig.transport.depth(inbox)).toMatchObject({ inFlight: 1 });
    await member.receiver.close();
    await rig.transport.remove(place);
    expect(rig.transport.supports(source.shape).durability).toBe("process");
    await using store = await redisStore(url);
    expect(await store.claim("k", "me", 1_000)).toBe("claimed");
    const refusals = String(await rig.other.command("ACL", ["LOG"]));
    expect(refusals).not.toContain("client|unblock");
  });
});
