import { randomUUID } from "node:crypto";
import { afterAll, expect, test } from "vitest";
import type { Driver } from "../src/driver.ts";
import { kafkaBy } from "../src/kafka.ts";
import { platformaticDriver } from "../src/platformatic/driver.ts";
import { Member, declared, inboxOf, rigOn, sent, sourceOf } from "./rig.ts";
import { withServer } from "./server.ts";

const { broker, missing } = await withServer();
afterAll(() => broker.stop());

interface Waits {
  /** Before it is asked how far the group is. */
  readonly committed: () => Promise<void>;
  readonly join: () => Promise<void>;
}

function waiting(driver: Driver, before: Waits): Driver {
  return {
    session(timeoutMs) {
      const session = driver.session(timeoutMs);
      const [committed, join] = [session.committed.bind(session), session.join.bind(session)];
      return Object.assign(session, {
        committed: (...ask: Parameters<typeof committed>) => before.committed().then(() => committed(...ask)),
        join: (...ask: Parameters<typeof join>) => before.join().then(() => join(...ask)),
      });
    },
  };
}

test.skipIf(missing)(
  "what a member takes up while it joins again is given to no other before it has let go of it",
  async () => {
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
  },
);
