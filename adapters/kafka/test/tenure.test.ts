import { randomUUID } from "node:crypto";
import { afterAll, describe, expect, test } from "vitest";
import type { Driver } from "../src/driver.ts";
import { kafkaBy } from "../src/kafka.ts";
import { platformaticDriver } from "../src/platformatic/driver.ts";
import { Member, declared, eventually, inboxOf, letter, retry, rigOn, sent, sourceOf } from "./rig.ts";
import { withServer } from "./server.ts";

const { broker, missing } = await withServer();
afterAll(() => broker.stop());

interface Waits {
  /** Before it is asked how far the group is. */
  readonly committed?: () => Promise<void>;
  readonly join?: () => Promise<void>;
  /** Before something is taken out of the list of what there is. */
  readonly forget?: () => Promise<void>;
  /** Before what is new in it is heard, where it is not asked for. */
  readonly hear?: () => Promise<void>;
}

function waiting(driver: Driver, before: Waits): Driver {
  return {
    session(timeoutMs) {
      const session = driver.session(timeoutMs);
      const { committed, join, produce, fetch } = {
        committed: session.committed.bind(session),
        join: session.join.bind(session),
        produce: session.produce.bind(session),
        fetch: session.fetch.bind(session),
      };
      return Object.assign(session, {
        async committed(...ask: Parameters<typeof committed>) {
          await before.committed?.();
          return committed(...ask);
        },
        async join(...ask: Parameters<typeof join>) {
          await before.join?.();
          return join(...ask);
        },
        async produce(...ask: Parameters<typeof produce>) {
          const [, { topic }, [record]] = ask;
          if (topic.endsWith("--registry") && record?.value === undefined) await before.forget?.();
          return produce(...ask);
        },
        async fetch(...ask: Parameters<typeof fetch>) {
          const [, [first], { waitMs }] = ask;
          const answer = await fetch(...ask);
          if (first?.topic.endsWith("--registry") === true && waitMs > 100) await before.hear?.();
          return answer;
        },
      });
    },
  };
}

describe.skipIf(missing)("members of a group", () => {
  test("what a member takes up while it joins again is given to no other before it has let go of it", async () => {
    const [lookingUp, lookUp] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const [joining, join] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let isTakingUp = false;
    const before: Waits = {
      committed() {
        isTakingUp = true;
        lookingUp.resolve();
        return lookUp.promise;
      },
      async join() {
        if (!isTakingUp) return;
        joining.resolve();
        await join.promise;
      },
    };
    const adapter = kafkaBy((settings) => waiting(platformaticDriver(settings), before));
    const [namespace, queue, options] = [`t-${randomUUID()}`, sourceOf("q"), { leaseMs: 6_000 }];
    await using slow = await rigOn(broker.url, options, { namespace, adapter });
    await using other = await rigOn(broker.url, options, { namespace });
    await declared(slow, queue, "q");
    await sent(other, queue, ...Array.from({ length: 8 }, (_, index) => `early ${index}`));
    await using first = await Member.of(slow, inboxOf(queue), 8);
    await lookingUp.promise;
    await using second = await Member.of(other, inboxOf(queue));
    try {
      await joining.promise;
      lookUp.resolve();
      await first.hasSome(8);
    } finally {
      join.resolve();
    }
    await sent(other, queue, ...Array.from({ length: 8 }, (_, index) => `late ${index}`));
    await second.hasSome(1);
    expect(second.ids.filter((id) => first.ids.includes(id))).toEqual([]);
  });

  test("a member that does not get through to join again begins nothing that another has by then", async () => {
    const join = Promise.withResolvers<void>();
    let isCut = false;
    const adapter = kafkaBy((settings) =>
      waiting(platformaticDriver(settings), { join: async () => (isCut ? join.promise : undefined) }),
    );
    const [namespace, queue] = [`t-${randomUUID()}`, sourceOf("q", { ordered: true })];
    await using cut = await rigOn(broker.url, { partitions: 1 }, { namespace, adapter });
    await using other = await rigOn(broker.url, { partitions: 1 }, { namespace });
    await declared(cut, queue, "q");
    await using first = await Member.of(cut, inboxOf(queue), 1);
    await sent(other, queue, letter("x", { key: "j" }), letter("a", { key: "k" }), letter("b", { key: "k" }));
    await first.has("x");
    isCut = true;
    await using second = await Member.of(other, inboxOf(queue));
    try {
      await second.has("x", "a");
      await second.settleAll();
      await second.has("x", "a", "b");
      expect(await first.settle(first.got[0])).toEqual(["lost"]);
      expect(first.ids).toEqual(["x"]);
    } finally {
      join.resolve();
    }
  });

  test("what is lent a second time is in hand until that is over, whatever was said of the first time", async () => {
    const forget = Promise.withResolvers<void>();
    const adapter = kafkaBy((settings) => waiting(platformaticDriver(settings), { forget: () => forget.promise }));
    const [namespace, queue, options] = [`t-${randomUUID()}`, sourceOf("q", { ordered: true }), { partitions: 1 }];
    await using one = await rigOn(broker.url, options, { namespace });
    await using slow = await rigOn(broker.url, options, { namespace, adapter });
    await using other = await rigOn(broker.url, options, { namespace });
    await declared(one, queue, "q");
    await sent(one, queue, letter("x", { key: "j" }), letter("y", { key: "j" }), letter("a", { key: "k" }));
    await using first = await Member.of(one, inboxOf(queue), 1);
    await first.has("x");
    await using second = await Member.of(slow, inboxOf(queue), 2);
    await second.has("a");
    await first.settle(first.got[0], retry);
    await second.has("a", "x");
    await first.receiver.close();
    await sent(one, queue, letter("b", { key: "l" }));
    await using third = await Member.of(other, inboxOf(queue));
    await third.has("b");
    expect(await second.settle(second.got[1])).toEqual(["settled"]);
    await third.has("b", "y");
    forget.resolve();
  });

  test("what a member has said of what it had in hand counts when it is gone, though nobody has heard of it yet", async () => {
    const heard = Promise.withResolvers<void>();
    let isSlow = false;
    const hear = async (): Promise<void> => (isSlow ? heard.promise : undefined);
    const adapter = kafkaBy((settings) => waiting(platformaticDriver(settings), { hear }));
    const [namespace, queue, options] = [`t-${randomUUID()}`, sourceOf("q", { ordered: true }), { partitions: 1 }];
    await using one = await rigOn(broker.url, options, { namespace });
    await using other = await rigOn(broker.url, options, { namespace });
    await using slow = await rigOn(broker.url, { ...options, sweepMs: 60_000 }, { namespace, adapter });
    await declared(one, queue, "q");
    await sent(one, queue, letter("l", { key: "l" }), letter("x", { key: "k" }), letter("y", { key: "k" }));
    // Whoever leads the group reads the list each time. It is the first one, which has no room for more.
    await using leader = await Member.of(one, inboxOf(queue), 1);
    await leader.has("l");
    await using first = await Member.of(other, inboxOf(queue), 1);
    await first.has("x");
    await using second = await Member.of(slow, inboxOf(queue));
    await eventually(() => expect(second.receiver.pulse().shards).toBe(1));
    isSlow = true;
    try {
      await first.settle(first.got[0]);
      await first.receiver.close();
      await second.has("y");
    } finally {
      heard.resolve();
    }
  });
});
