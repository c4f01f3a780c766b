import { type Clock, systemClock } from "@waybill/core";
import { expect, test } from "vitest";
import { baseOf, declared, inboxOf, leaseMs, letter, Member, rigOn, sent, sourceOf } from "./rig.ts";
import { describeRedis, startServer } from "./start-server.ts";

describeRedis("an end", () => {
  test("is bounded while the server is away, with messages in hand (LIF-2)", async () => {
    await using server = await startServer();
    const rig = await rigOn(server.url, { commandTimeoutMs: 1_000, connectTimeoutMs: 500 });
    const source = sourceOf("away");
    await declared(rig, source);
    const member = await Member.of(rig, inboxOf(source), 2);
    await sent(rig, source, "a", "b");
    await member.has("a", "b");
    await server.kill();
    const settling = member.settle(member.got[0]);
    await member.receiver.close();
    await rig[Symbol.asyncDispose]();
    expect(await settling).toEqual([expect.objectContaining({ code: expect.any(String) as string })]);
  });

  test("of what could not begin leaves no member, nor the time of its lease (GRP-1, LIF-2)", async () => {
    await using server = await startServer();
    const { clock, pending } = counted();
    await using rig = await rigOn(server.url, {}, server.url, { clock });
    const source = sourceOf("start");
    await declared(rig, source);
    await rig.other.command("ACL", ["SETUSER", "default", "-client|id"]);
    const before = pending();
    await expect(Member.of(rig, inboxOf(source))).rejects.toMatchObject({ code: "PERMISSION" });
    expect(await rig.other.command("ZCARD", [`${baseOf(inboxOf(source))}/members`])).toBe(0);
    expect(pending()).toBe(before);
  });

  test("of a handling that sent to a group that is gone is refused, and is not tried for ever", async () => {
    await using server = await startServer();
    await using rig = await rigOn(server.url);
    const source = sourceOf("sends");
    await declared(rig, source);
    await using member = await Member.of(rig, inboxOf(source));
    await sent(rig, source, "a");
    await member.has("a");
    const to = { kind: "inbox", inbox: inboxOf(sourceOf("gone")) } as const;
    const results = await member.settle(member.got[0], { outcome: "ack", sends: [[to, letter("b")]] });
    expect(results).toEqual([expect.objectContaining({ code: "MISSING" })]);
    expect(await member.settle(member.got[0])).toEqual(["settled"]);
  });

  test("of a transport leaves no timer, also where one has just fired (LIF-2)", async () => {
    await using server = await startServer();
    const { clock, pending, fire } = counted();
    const rig = await rigOn(server.url, {}, server.url, { clock });
    const source = sourceOf("timers");
    await declared(rig, source);
    await Member.of(rig, inboxOf(source));
    fire(leaseMs / 2);
    await rig[Symbol.asyncDispose]();
    expect(pending()).toBe(0);
  });
});

/** A clock that knows its timers. */
function counted() {
  const timers = new Map<() => void, number>();
  const clock: Clock = {
    now: () => systemClock.now(),
    after(ms, run) {
      const fired = (): void => {
        timers.delete(fired);
        run();
      };
      timers.set(fired, ms);
      const cancel = systemClock.after(ms, () => timers.has(fired) && fired());
      return () => {
        timers.delete(fired);
        cancel();
      };
    },
  };
  const fire = (after: number): void => {
    for (const [run, ms] of timers) if (ms === after) run();
  };
  return { clock, pending: () => timers.size, fire };
}
