import { orSkip } from "@waybill/testing";
import { afterAll, describe, expect, test } from "vitest";
import { declared, eventually, inboxOf, letter, Member, rigOn, sent, sourceOf } from "./rig.ts";
import { startServer } from "./start-server.ts";

const server = await orSkip(startServer({ config: ["consumer_timeout = 1000"] }));
// It looks once a minute otherwise.
await server?.administer("eval", "application:set_env(rabbit, channel_tick_interval, 500).");
afterAll(() => server?.stop());
const url = server?.url ?? "amqp://guest:guest@none";

describe.skipIf(server === undefined)("a delivery that is held past the server's consumer_timeout", () => {
  test.each([false, true])(
    "is not ours any more, comes again, and the member goes on; ordered: %s",
    async (ordered) => {
      await using rig = await rigOn(url);
      const source = sourceOf(`held ${ordered}`, { ordered });
      await declared(rig, source);
      await using member = await Member.of(rig, inboxOf(source));
      await sent(rig, source, letter("a", { key: "k" }));
      await member.has("a");
      await eventually(() => expect(member.lost.map(({ id }) => id)).toContain("a"));
      expect(await member.settle(member.got[0])).toEqual(["lost"]);
      // On a busy machine it may be too late again.
      const settled = async (id: string): Promise<void> => {
        const last = member.got.findLast((one) => one.id === id && one !== member.got[0]);
        expect(await member.settle(last)).toEqual(["settled"]);
      };
      await eventually(() => settled("a"));
      expect(await sent(rig, source, letter("b", { key: "k" }))).toEqual(["stored"]);
      await eventually(() => settled("b"));
    },
  );

  test("is taken anew in time where it only waits behind a higher priority", async () => {
    await using rig = await rigOn(url, { consumerTimeoutMs: 1_000 });
    const source = sourceOf("waits", { priorities: 2 });
    await declared(rig, source);
    await using member = await Member.of(rig, inboxOf(source), 4);
    const high = (n: number): ReturnType<typeof letter> => letter(`high ${n}`, { priority: 1 });
    const ahead = 12;
    await sent(rig, source, ...Array.from({ length: ahead }, (_, n) => high(n)));
    await member.has("high 0", "high 1", "high 2", "high 3");
    await sent(rig, source, "low");
    const until = Date.now() + 4_000;
    for (let n = 0; Date.now() < until; n += 1) {
      await sent(rig, source, high(n + ahead));
      await eventually(() => expect(member.got.length).toBeGreaterThan(n));
      expect(await member.settle(member.got[n])).toEqual(["settled"]);
    }
    expect(member.lost).toEqual([]);
  });
});
