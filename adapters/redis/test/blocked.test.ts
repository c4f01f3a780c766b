import { setImmediate } from "node:timers/promises";
import type { Delivery, Receiver } from "@waybill/core";
import type { Broker } from "@waybill/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { declared, eventually, inboxOf, leaseMs, Member, retry, type Rig, rigOn, sent, sourceOf } from "./rig.ts";
import { describeRedis, startServer } from "./start-server.ts";

describeRedis("a member whose event loop was blocked past its lease", () => {
  let server: Broker;
  let rig: Rig;
  beforeAll(async () => {
    server = await startServer();
    rig = await rigOn(server.url);
  });
  afterAll(async () => {
    await rig[Symbol.asyncDispose]();
    await server.stop();
  });

  test.each([
    ["by a timer", "a"],
    ["by what it was given", "a"],
    ["by another answer, while one has come that gives it more", "b"],
  ])("%s: is told so before it is given anything, and settles nothing", async (how, last) => {
    const source = sourceOf(how);
    await declared(rig, source);
    const events: string[] = [];
    const given: Delivery[] = [];
    const blockNow = (): void => {
      block(2 * leaseMs);
      events.push("unblocked");
    };
    const receiver: Receiver = await rig.transport.receive(
      inboxOf(source),
      { window: 2, bytes: 2 ** 20, settle: "after" },
      {
        deliver: (batch) => {
          given.push(...batch);
          events.push(...batch.map(({ id }) => `given ${id}`));
          if (how === "by what it was given" && given.length === 1) blockNow();
        },
        lost: (batch) => void events.push(...batch.map(({ id }) => `lost ${id}`)),
      },
    );
    await sent(rig, source, "a");
    await eventually(() => expect(events).toContain("given a"));
    if (how === "by a timer") blockNow();
    if (last === "b") {
      void rig.other.command("PING", []).then(blockNow);
      void sent(rig, source, "b");
      await setImmediate();
      // Long enough that both answers are there, and are read in one turn.
      block(50);
    }
    await eventually(() => expect(events).toContain("lost a"));
    expect(events[events.indexOf("unblocked") + 1]).toBe("lost a");
    const [a] = given;
    if (a === undefined) throw new Error("not there");
    expect(await receiver.settle([{ delivery: a, ...retry }])).toEqual(["lost"]);
    await eventually(() => expect(events.filter((event) => event === "given a")).toHaveLength(2));
    await receiver.close();
    await using member = await Member.of(rig, inboxOf(source));
    await eventually(() => expect(member.ids).toEqual(expect.arrayContaining(["a", last])));
    expect(member.got.map(({ failures }) => failures)).toEqual(member.got.map(() => 0));
  });
});

function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}
