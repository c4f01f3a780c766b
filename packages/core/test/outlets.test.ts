import { connect, queue } from "@waybill/core";
import { memory } from "@waybill/memory";
import { expect, test } from "vitest";
import { z } from "zod";

const jobs = queue("jobs", { schema: z.object({ n: z.number() }) });

test("a queue that was removed, by whichever bus, is made again by who sends to it (GRP-1)", async () => {
  const [bus, other] = await Promise.all([0, 1].map(() => connect("memory:outlets", { adapters: [memory] })));
  if (bus === undefined || other === undefined) throw new Error("not connected");
  await bus.send(jobs, { n: 1 });
  await other.send(jobs, { n: 2 });
  await bus.remove(jobs);
  await Promise.all([bus.send(jobs, { n: 3 }), other.send(jobs, { n: 4 }), bus.send(jobs, { n: 5 })]);
  expect(await bus.inbox(jobs).stats()).toMatchObject({ ready: 3 });
  await bus.inbox(jobs).remove();
  await other.send(jobs, { n: 6 });
  expect(await other.inbox(jobs).stats()).toMatchObject({ ready: 1 });
  await Promise.all([bus.close(), other.close()]);
});
