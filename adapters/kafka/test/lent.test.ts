import type { Adapter } from "@waybill/core";
import { afterAll, describe, expect, test } from "vitest";
import { withServer } from "./server.ts";
import { Member, sent } from "./rig.ts";
import { copy, from, type Ground, ground, inbox, isOver, kickedOnce } from "./transactional.ts";

const { broker, missing } = await withServer();
afterAll(() => broker.stop());

describe.skipIf(missing)("what a member keeps in hand when its partitions go to another", () => {
  async function lent(adapter?: Adapter): Promise<Ground & { readonly next: Member }> {
    const on = await ground(broker.url, adapter === undefined ? {} : { adapter });
    await sent(on.rig, from, "a");
    await on.member.has("a");
    await on.member.receiver.stop();
    const next = await Member.of(on.rig, inbox);
    await sent(on.rig, from, "b");
    await next.has("b");
    return {
      ...on,
      next,
      async [Symbol.asyncDispose]() {
        await next.receiver.close();
        await on[Symbol.asyncDispose]();
      },
    };
  }

  test("is settled in one step all the same", async () => {
    await using on = await lent();
    expect(await on.member.settle(on.member.got[0], copy("a"))).toEqual(["settled"]);
    expect(await on.copies()).toEqual(["a"]);
    expect(await on.next.settle(on.next.got[0])).toEqual(["settled"]);
    await on.next.receiver.close();
    await isOver(on);
  });

  test("comes again where it dies, and nothing of what it sent leaves", async () => {
    const adapter = kickedOnce(broker.url);
    await using on = await lent(adapter);
    const settling = on.member.settle(on.member.got[0], copy("a"));
    await on.next.has("b", "a");
    expect(await settling).toEqual(["lost"]);
    expect(await on.copies()).toEqual([]);
    expect(await on.next.settle(on.next.got[1], copy("a"))).toEqual(["settled"]);
    expect(await on.copies()).toEqual(["a"]);
  });
});
