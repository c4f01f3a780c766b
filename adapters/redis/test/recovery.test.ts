import { expect, test } from "vitest";
import { recovered } from "../src/recovery.ts";
import { baseOf, declared, inboxOf, rigOn, sent, sourceOf } from "./rig.ts";
import { describeRedis, startServer } from "./start-server.ts";

describeRedis("what a member has never heard of", () => {
  test("is not taken back once its lease is over: another may have it (ORD-2)", async () => {
    await using server = await startServer();
    await using rig = await rigOn(server.url);
    const source = sourceOf("lost");
    await declared(rig, source);
    const base = baseOf(inboxOf(source));
    await sent(rig, source, "a");
    await rig.other.command("XREADGROUP", ["GROUP", "g", "me", "STREAMS", `${base}/ready0`, ">"]);
    const options = { base, levels: 1, name: "me", known: [] };
    expect(await recovered(rig.other, options)).toEqual([]);
    await rig.other.command("ZADD", [`${base}/members`, Date.now() + 60_000, "me"]);
    expect(await recovered(rig.other, options)).toMatchObject([{ id: "a", deliveries: 2 }]);
  });
});
