import { expect, test } from "vitest";
import { registryKeys } from "../src/names.ts";
import { baseOf, declared, inboxOf, rigOn, sent, sourceOf } from "./rig.ts";
import { describeRedis, startServer } from "./start-server.ts";

describeRedis("a pattern's group that is removed", () => {
  test("gets nothing of a topic that was about to be bound to it (GRP-1)", async () => {
    await using server = await startServer();
    await using rig = await rigOn(server.url);
    const pattern = inboxOf(sourceOf("order.*", { kind: "pattern" }), "g");
    await rig.transport.declare([{ kind: "inbox", inbox: pattern, start: { from: "now", reset: false } }]);
    const { patterns } = registryKeys("t");
    const asRead = (await rig.other.command("HGETALL", [patterns])) as readonly Buffer[];
    await rig.transport.remove({ kind: "inbox", inbox: pattern, start: { from: "now", reset: false } });
    // As for one who has read it before.
    await rig.other.command("HSET", [patterns, ...asRead]);
    const topic = sourceOf("order.placed", { kind: "topic" });
    await declared(rig, topic);
    expect(await sent(rig, topic, "a")).toEqual(["stored"]);
    expect(await rig.other.command("EXISTS", [`${baseOf(pattern)}/ready0`])).toBe(0);
  });
});
