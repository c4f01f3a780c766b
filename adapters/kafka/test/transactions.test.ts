import { Buffer } from "node:buffer";
import { faultProxy } from "@waybill/testing";
import { afterAll, describe, expect, test } from "vitest";
import { DriverError, type Member as GroupMember } from "../src/driver.ts";
import { withServer } from "./server.ts";
import { dead, declared, eventually, letter, lettersOf, Member, retry, rigOn, sent, sourceOf } from "./rig.ts";
import { around, copy, fence, from, ground, inbox, isOver, kick, kickedOnce, to } from "./transactional.ts";

const { broker, missing } = await withServer();
afterAll(() => broker.stop());

describe.skipIf(missing)("what a handler sends", () => {
  test("leaves with the end of its message", async () => {
    await using on = await ground(broker.url);
    await sent(on.rig, from, "a", "b", "c");
    await on.member.has("a", "b", "c");
    const settlings = on.member.got.map((one) => on.member.settle(one, copy(one.id)));
    expect((await Promise.all(settlings)).flat()).toEqual(["settled", "settled", "settled"]);
    expect(await on.copies()).toEqual(["a", "b", "c"]);
    await isOver(on);
  });

  test("that can never be stored is refused alone; the rest leaves", async () => {
    await using on = await ground(broker.url);
    const ids = ["a", "b", "c", "d", "e"];
    await sent(on.rig, from, ...ids);
    await on.member.has(...ids);
    const settlings = on.member.got.map((one) => {
      if (one.id === "a") return on.member.settle(one, { outcome: "ack", sends: [[sourceOf("none"), letter("a")]] });
      const body = Buffer.alloc(one.id === "c" ? 2 ** 20 + 1 : 1);
      return on.member.settle(one, { outcome: "ack", sends: [[to, letter(one.id, { body })]] });
    });
    const results = (await Promise.all(settlings)).flat();
    const byId = on.member.got.map(({ id }, index) => [id, results[index]] as const);
    expect(Object.fromEntries(byId)).toMatchObject({
      a: { code: "NO_ROUTE" },
      b: "settled",
      c: { code: "TOO_LARGE" },
      d: "settled",
      e: "settled",
    });
    expect(await on.copies()).toEqual(["b", "d", "e"]);
  });

  test("leaves once though the answer to its end is lost", async () => {
    await using proxy = await faultProxy({ to: broker.url });
    let dropped: Promise<boolean> | undefined;
    const adapter = around({
      end(call, ...ask) {
        dropped ??= proxy.dropReply({ when: ask[1].id });
        return call(...ask);
      },
    });
    await using on = await ground(broker.url, { adapter, way: proxy.url(broker.url) });
    await sent(on.rig, from, "a");
    await on.member.has("a");
    expect(await on.member.settle(on.member.got[0], copy("a"))).toEqual(["settled"]);
    expect(await dropped).toBe(true);
    expect(await on.copies()).toEqual(["a"]);
    await isOver(on);
  });

  test("leaves once though the way is cut before its end is asked for", async () => {
    await using proxy = await faultProxy({ to: broker.url });
    let cuts = 0;
    const adapter = around({
      end(call, ...ask) {
        cuts += 1;
        if (cuts === 1) proxy.cut();
        return call(...ask);
      },
    });
    await using on = await ground(broker.url, { adapter, way: proxy.url(broker.url) });
    await sent(on.rig, from, "a");
    await on.member.has("a");
    expect(await on.member.settle(on.member.got[0], copy("a"))).toEqual(["settled"]);
    expect(cuts).toBeGreaterThan(1);
    expect(await on.copies()).toEqual(["a"]);
    await isOver(on);
  });

  test.each([
    ["was done", true],
    ["was not done", false],
  ])("leaves once though nobody can tell any more that it %s", async (_, isDone) => {
    let ends = 0;
    const adapter = around({
      async end(call, ...ask) {
        ends += 1;
        if (ends > 1) return call(...ask);
        if (isDone) await call(...ask);
        await fence(broker.url, ask[1].id);
        throw new DriverError("lost", "CLOSED", "the answer was lost");
      },
    });
    await using on = await ground(broker.url, { adapter });
    await sent(on.rig, from, "a");
    await on.member.has("a");
    expect(await on.member.settle(on.member.got[0], copy("a"))).toEqual(["lost"]);
    await on.member.hasSome(isDone ? 1 : 2);
    expect(await on.member.settle(on.member.got.at(-1), copy("a"))).toEqual([isDone ? "lost" : "settled"]);
    expect(await on.copies()).toEqual(["a"]);
    await isOver(on);
  });

  test("does not leave where the group goes on without its member meanwhile", async () => {
    const adapter = kickedOnce(broker.url);
    await using on = await ground(broker.url, { adapter });
    await sent(on.rig, from, "a");
    await on.member.has("a");
    expect(await on.member.settle(on.member.got[0], copy("a"))).toEqual(["lost"]);
    expect(await on.copies()).toEqual([]);
    await on.member.has("a", "a");
    expect(on.member.got[1]?.deliveries).toBe(2);
    expect(await on.member.settle(on.member.got[1], copy("a"))).toEqual(["settled"]);
    expect(await on.copies()).toEqual(["a"]);
  });
});

test.skipIf(missing)("a retry and a dead letter are one step with the end of their message", async () => {
  await using on = await ground(broker.url);
  await sent(on.rig, from, "again", "dead");
  await on.member.has("again", "dead");
  const results = on.member.got.map((one) => on.member.settle(one, one.id === "dead" ? dead : retry));
  expect((await Promise.all(results)).flat()).toEqual(["settled", "settled"]);
  await on.member.has("again", "dead", "again");
  expect(on.member.got[2]).toMatchObject({ failures: 1 });
  expect(await on.member.settle(on.member.got[2])).toEqual(["settled"]);
  await eventually(async () => expect((await lettersOf(on.rig, inbox)).map(({ id }) => id)).toEqual(["dead"]));
  await isOver(on);
});

test.skipIf(missing)("what a member had begun that is gone is given up at once, and leaves by another", async () => {
  const [hanging, hangs] = [Promise.withResolvers<GroupMember>(), Promise.withResolvers<void>()];
  let who: GroupMember | undefined;
  const adapter = around({
    async commit(call, ...ask) {
      await call(...ask);
      who = ask[2];
    },
    async end() {
      if (who !== undefined) hanging.resolve(who);
      await hangs.promise;
      throw new DriverError("refused", "PRODUCER_FENCED", "it is gone");
    },
  });
  // So long it would stand, if nobody gave it up.
  const leaseMs = 30_000;
  await using on = await ground(broker.url, { options: { leaseMs }, adapter });
  await sent(on.rig, from, "a");
  await on.member.has("a");
  const settling = on.member.settle(on.member.got[0], copy("a"));
  const gone = await hanging.promise;
  await using other = await rigOn(broker.url, { transactions: true, leaseMs }, { namespace: on.namespace });
  await declared(other, from);
  await kick(broker.url, gone);
  await using next = await Member.of(other, inbox);
  await next.has("a");
  expect(await next.settle(next.got[0], copy("a"))).toEqual(["settled"]);
  expect(await on.copies()).toEqual(["a"]);
  hangs.resolve();
  expect(await settling).toEqual(["lost"]);
});

test.skipIf(missing)("a letter is redriven in one step", async () => {
  await using on = await ground(broker.url);
  await sent(on.rig, from, "a", "b");
  await on.member.has("a", "b");
  for (const one of on.member.got) expect(await on.member.settle(one, dead)).toEqual(["settled"]);
  const letters = async (): Promise<readonly string[]> => (await lettersOf(on.rig, inbox)).map(({ id }) => id);
  await eventually(async () => expect(await letters()).toHaveLength(2));
  await on.rig.transport.walk(inbox, () => Promise.resolve("redrive"), AbortSignal.timeout(10_000));
  await on.member.has("a", "b", "a", "b");
  await eventually(async () => expect(await letters()).toEqual([]));
});
