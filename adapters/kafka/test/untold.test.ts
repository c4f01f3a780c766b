import { Buffer } from "node:buffer";
import type { Adapter } from "@waybill/core";
import { afterAll, describe, expect, test } from "vitest";
import { DriverError, type Member as GroupMember } from "../src/driver.ts";
import { registryTopic } from "../src/names.ts";
import { dead, eventually, type How, lettersOf, Member, retry, sent } from "./rig.ts";
import { withServer } from "./server.ts";
import { leadersOf, sessionAt } from "./stored.ts";
import { around, copy, fence, from, type Ground, ground, inbox, isOver, kick } from "./transactional.ts";

/*
 * A broker that was killed while it ended a transaction may have forgotten the group when it is back, or a topic. So it looks where that
 * is no part of the transaction, which a broker lets happen that does not verify it.
 */
const { broker, missing } = await withServer({ settings: { "transaction.partition.verification.enable": "false" } });
afterAll(() => broker.stop());

/** The first transaction goes on without the group, or the topics; `end`: after it was ended. */
function without(
  what: "group" | "topics",
  end: (id: string) => Promise<void> = () => Promise.resolve(),
): { readonly adapter: Adapter; readonly who: Promise<GroupMember> } {
  const who = Promise.withResolvers<GroupMember>();
  let [isFirst, ends] = [true, 0];
  const adapter = around({
    addPartitions: (call, ...ask) => (isFirst && what === "topics" ? Promise.resolve() : call(...ask)),
    addGroup: (call, ...ask) => (isFirst && what === "group" ? Promise.resolve() : call(...ask)),
    async commit(call, ...ask) {
      await call(...ask);
      isFirst = false;
      who.resolve(ask[2]);
    },
    async end(call, ...ask) {
      await call(...ask);
      ends += 1;
      if (ends === 1) await end(ask[1].id);
    },
  });
  return { adapter, who: who.promise };
}

/** What becomes of the first message. */
async function settling({ rig, member }: Ground, how: How): Promise<readonly unknown[]> {
  await sent(rig, from, "a");
  await member.has("a");
  return await member.settle(member.got[0], how);
}

/** Another takes the place of a member that does not let go. */
async function successor(on: Ground, who: Promise<GroupMember>): Promise<Member> {
  await kick(broker.url, await who);
  await on.member.receiver.close();
  return Member.of(on.rig, inbox);
}

describe.skipIf(missing)("what a broker has ended without telling the group is handled again", () => {
  test("by another", async () => {
    const { adapter, who } = without("group");
    await using on = await ground(broker.url, { adapter });
    expect(await settling(on, copy("a"))).toEqual(["settled"]);
    await using next = await successor(on, who);
    await next.has("a");
    expect(await next.settle(next.got[0])).toEqual(["settled"]);
  });

  test("by who had it", async () => {
    const { adapter } = without("group", async (id) => {
      await fence(broker.url, id);
      throw new DriverError("lost", "CLOSED", "the answer was lost");
    });
    await using on = await ground(broker.url, { adapter, options: { requestTimeoutMs: 2_000 } });
    expect(await settling(on, copy("a"))).toEqual(["lost"]);
    await on.member.has("a", "a");
    expect(await on.member.settle(on.member.got[1])).toEqual(["settled"]);
    await isOver(on);
  });
});

describe.skipIf(missing)("what a broker has stored without telling its topic is there when another comes", () => {
  test("a retry", async () => {
    const { adapter, who } = without("topics");
    await using on = await ground(broker.url, { adapter });
    expect(await settling(on, retry)).toEqual(["settled"]);
    await using next = await successor(on, who);
    await next.has("a");
  });

  test("a dead letter", async () => {
    const { adapter, who } = without("topics");
    await using on = await ground(broker.url, { adapter });
    expect(await settling(on, dead)).toEqual(["settled"]);
    await using _next = await successor(on, who);
    await eventually(async () => expect((await lettersOf(on.rig, inbox)).map(({ id }) => id)).toEqual(["a"]));
  });
});

test.skipIf(missing)("what nobody ever ends in the list of what there is holds up no member", async () => {
  await using on = await ground(broker.url);
  await using session = sessionAt(broker.url);
  const registry = { topic: registryTopic(on.namespace), partition: 0 };
  const [leader = -1] = await leadersOf(session, registry.topic);
  const { id, epoch } = await fence(broker.url, "somebody");
  const note = { key: Buffer.from("note"), value: undefined, headers: [], timestamp: Date.now() };
  await session.produce(leader, registry, [note], { producer: { id, epoch }, sequence: 0, transaction: "somebody" });
  await on.member.receiver.close();
  await using next = await Member.of(on.rig, inbox);
  await sent(on.rig, from, "a");
  await next.has("a");
  expect(await next.settle(next.got[0])).toEqual(["settled"]);
});
