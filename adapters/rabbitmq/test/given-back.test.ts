import { afterAll, expect, test } from "vitest";
import { declared, inboxOf, Member, rigOn, sent, sourceOf } from "./rig.ts";
import { withServer } from "./start-server.ts";

const { broker, missing } = await withServer();
afterAll(() => broker.stop());

test.skipIf(missing)(
  "what only waited here while its consumer was paused, again and again, is not taken for what kills its members",
  async () => {
    await using rig = await rigOn(broker.url);
    const queue = sourceOf("paused", { priorities: 2 });
    await declared(rig, queue);
    const flow = { window: 1, bytes: 2 ** 20, settle: "after" } as const;
    await using member = await Member.of(rig, inboxOf(queue), 1);
    await sent(rig, queue, "held");
    await member.has("held");
    // It is on its way to this member, which has no room for it.
    await sent(rig, queue, "waits");
    for (let pause = 0; pause < 12; pause += 1) {
      await member.receiver.resize({ ...flow, window: 0 });
      await rig.transport.depth(inboxOf(queue));
      await member.receiver.resize(flow);
      await rig.transport.depth(inboxOf(queue));
    }
    await member.settle(member.got[0]);
    await member.has("held", "waits");
    // At ten it would be convicted.
    expect(member.got[1]?.deliveries).toBeLessThan(6);
  },
);
