import type { Adapter } from "@waybill/core";
import { afterAll, describe, expect, test } from "vitest";
import { DriverError, type Member as GroupMember } from "../src/driver.ts";
import { declared, Member, rigOn, sent } from "./rig.ts";
import { withServer } from "./server.ts";
import { around, copy, fence, from, ground, inbox, isOver, kick } from "./transactional.ts";

/*
 * A broker that was killed while it ended a transaction may have forgotten the group when it is back. So it looks where the group is no
 * part of the transaction, which a broker lets happen that does not verify it.
 */
const { broker, missing } = await withServer({ settings: { "transaction.partition.verification.enable": "false" } });
afterAll(() => broker.stop());

describe.skipIf(missing)("what a broker has ended without telling the group is handled again", () => {
  /** The first transaction goes on without the group; `end`: after it was ended. */
  function untold(end: (id: string) => Promise<void>): {
    readonly adapter: Adapter;
    readonly who: Promise<GroupMember>;
  } {
    const who = Promise.withResolvers<GroupMember>();
    let [isFirst, ends] = [true, 0];
    const adapter = around({
      addGroup: (call, ...ask) => (isFirst ? Promise.resolve() : call(...ask)),
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

  test("by another", async () => {
    const { adapter, who } = untold(() => Promise.resolve());
    await using on = await ground(broker.url, { adapter });
    await sent(on.rig, from, "a");
    await on.member.has("a");
    expect(await on.member.settle(on.member.got[0], copy("a"))).toEqual(["settled"]);
    await using other = await rigOn(broker.url, { transactions: true }, { namespace: on.namespace });
    await declared(other, from);
    await kick(broker.url, await who);
    await on.member.receiver.close();
    await using next = await Member.of(other, inbox);
    await next.has("a");
    expect(await next.settle(next.got[0])).toEqual(["settled"]);
  });

  test("by who had it", async () => {
    const { adapter } = untold(async (id) => {
      await fence(broker.url, id);
      throw new DriverError("lost", "CLOSED", "the answer was lost");
    });
    await using on = await ground(broker.url, { adapter, options: { requestTimeoutMs: 2_000 } });
    await sent(on.rig, from, "a");
    await on.member.has("a");
    expect(await on.member.settle(on.member.got[0], copy("a"))).toEqual(["lost"]);
    await on.member.has("a", "a");
    expect(await on.member.settle(on.member.got[1])).toEqual(["settled"]);
    await isOver(on);
  });
});
