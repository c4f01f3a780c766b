import { expect, test } from "vitest";
import { declared, eventually, inboxOf, letter, Member, rigOn, sent, sourceOf } from "./rig.ts";
import { describeRedis, startServer } from "./start-server.ts";

describeRedis("what is to be on a replica", () => {
  test("is not confirmed before it is, also where the server had lost our script (PUB-1)", async () => {
    await using server = await startServer();
    const { hostname, port } = new URL(server.url);
    await using replica = await startServer("--replicaof", hostname, port);
    await using rig = await rigOn(server.url, { durability: "replicas:1", commandTimeoutMs: 1_000, leaseMs: 60_000 });
    await eventually(async () =>
      expect(String(await rig.other.command("INFO", ["replication"]))).toMatch(/slave0:.*state=online/),
    );
    const source = sourceOf("safe");
    await declared(rig, source);
    expect(await sent(rig, source, "a")).toEqual(["stored"]);
    await rig.other.command("SCRIPT", ["FLUSH"]);
    // Nothing else is on its way to the replica, which would be waited for as well.
    await eventually(async () => {
      const info = String(await rig.other.command("INFO", ["replication"]));
      expect(/slave0:.*offset=(\d+)/.exec(info)?.[1]).toBe(/master_repl_offset:(\d+)/.exec(info)?.[1]);
    });
    await replica.pause();
    const [result] = await rig.transport.send(source, [letter("b")], { deadline: Date.now() + 2_000 });
    expect(result).toMatchObject({ outcome: "unknown" });
    await replica.resume();
  });

  test("is waited for by all at once, so that leases are renewed between (ACK-3)", async () => {
    await using server = await startServer();
    await using rig = await rigOn(server.url, { durability: "replicas:1", commandTimeoutMs: 1_000, leaseMs: 1_500 });
    const source = sourceOf("waits");
    await declared(rig, source);
    await using plain = await rigOn(server.url);
    await sent(plain, source, "a");
    await using member = await Member.of(rig, inboxOf(source), 1);
    await member.has("a");
    const deadline = Date.now() + 5_000;
    const results = await Promise.all(
      Array.from({ length: 16 }, (_, index) => rig.transport.send(source, [letter(`no ${index}`)], { deadline })),
    );
    expect(results.flat()).toEqual(results.map(() => expect.objectContaining({ outcome: "unknown" }) as unknown));
    expect(member.lost).toEqual([]);
  });
});
