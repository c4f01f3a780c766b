import { containing } from "@waybill/test-servers";
import type { Broker } from "@waybill/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  baseOf,
  commandsOf,
  dead,
  declared,
  eventually,
  inboxOf,
  keyOf,
  letter,
  Member,
  retry,
  type Rig,
  rigOn,
  sent,
  sourceOf,
} from "./rig.ts";
import { describeRedis, startServer } from "./start-server.ts";

describeRedis("a key of another type under one of our names", () => {
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

  const replace = async (key: string): Promise<void> => {
    await rig.other.command("DEL", [key]);
    await rig.other.command("SET", [key, "theirs"]);
  };
  const corrupt = (key: string): unknown =>
    expect.objectContaining({ code: "CORRUPT", message: containing(`"${key}" is a string, not a `) });
  const refused = (key: string): object => ({ outcome: "refused", error: corrupt(key) });

  test.each([
    ["ready0", {}],
    ["ready1", { priority: 1 }],
    ["bell", { deliverAt: Date.now() + 3_600_000 }],
    ["later", { deliverAt: Date.now() + 3_600_000 }],
    ["due", { deliverAt: Date.now() + 3_600_000 }],
    ["busy", { key: "k" }],
    ["waiting", { key: "k" }],
    ["index", { key: "k" }],
  ])("%s of one group: nothing is stored for the other either", async (part, more) => {
    const source = sourceOf(`pub-${part}`, { kind: "topic", ordered: "key" in more, priorities: 2 });
    await declared(rig, source, "a", "b", "c");
    const key = `${baseOf(inboxOf(source, "b"))}/${part}`;
    // One of a key is there, so that the next one waits.
    expect(await sent(rig, source, letter("1", more))).toEqual(["stored"]);
    const before = await Promise.all(["a", "c"].map((group) => rig.transport.depth(inboxOf(source, group))));
    await replace(key);
    expect(await sent(rig, source, letter("2", more))).toEqual([refused(key)]);
    expect(await Promise.all(["a", "c"].map((group) => rig.transport.depth(inboxOf(source, group))))).toEqual(before);
  });

  test.each(["meta", "groups", "log"])("%s of a topic: nothing is stored", async (part) => {
    const source = sourceOf(`source-${part}`, { kind: "topic", retainMs: 3_600_000 });
    await declared(rig, source, "a");
    await replace(keyOf(source, part));
    expect(await sent(rig, source, "1")).toEqual([refused(keyOf(source, part))]);
    expect((await rig.transport.depth(inboxOf(source, "a"))).ready).toBe(0);
  });

  test.each([
    ["dead", dead],
    ["due", { ...retry, delayMs: 3_600_000 }],
    ["later", { ...retry, delayMs: 3_600_000 }],
    ["bell", { ...retry, delayMs: 3_600_000 }],
    ["busy", dead],
  ] as const)(
    "%s where something is moved: it stays in hand, and what was settled with it is settled if it can be",
    async (part, how) => {
      const source = sourceOf(`settle-${part}-${how.outcome}`, { ordered: part === "busy" });
      await declared(rig, source);
      const [inbox, base] = [inboxOf(source), baseOf(inboxOf(source))];
      await using member = await Member.of(rig, inbox);
      await sent(rig, source, letter("1", { key: "a" }), letter("2", { key: "b" }));
      await member.has("1", "2");
      await replace(`${base}/${part}`);
      const [one, two] = member.got;
      if (one === undefined || two === undefined) throw new Error("not there");
      const results = await member.receiver.settle([
        { delivery: one, outcome: "ack", sends: [] },
        { delivery: two, ...how },
      ]);
      const bad = corrupt(`${base}/${part}`);
      expect(results).toEqual([part === "busy" ? bad : "settled", bad]);
      await rig.other.command("DEL", [`${base}/${part}`]);
      expect(await member.settle(two, how)).toEqual(["settled"]);
      const { ready, inFlight, delayed, dead: buried } = await rig.transport.depth(inbox);
      const isDead = how.outcome === "dead";
      expect([ready, inFlight, delayed, buried]).toEqual([0, part === "busy" ? 1 : 0, isDead ? 0 : 1, isDead ? 1 : 0]);
    },
  );

  test("is told by its consumer, which goes on when it is gone, and its neighbour is unharmed", async () => {
    const [bad, good] = [sourceOf("bad"), sourceOf("good")];
    for (const source of [bad, good]) await declared(rig, source);
    await using victim = await Member.of(rig, inboxOf(bad));
    await using neighbour = await Member.of(rig, inboxOf(good));
    const key = `${baseOf(inboxOf(bad))}/ready0`;
    const before = await commandsOf(rig);
    await replace(key);
    await eventually(() => expect(rig.reports).toContainEqual({ kind: "lost", error: corrupt(key) }));
    await expect(rig.transport.depth(inboxOf(bad))).rejects.toEqual(corrupt(key));
    expect(await sent(rig, good, "1", "2")).toEqual(["stored", "stored"]);
    await neighbour.has("1", "2");
    const told = rig.reports.filter(({ error }) => error?.message.includes(`"${key}"`));
    expect(told).toHaveLength(1);
    expect((await commandsOf(rig)) - before).toBeLessThan(300);
    await rig.other.command("DEL", [key]);
    expect(await sent(rig, bad, "3")).toEqual(["stored"]);
    await victim.has("3");
    expect(await victim.settleAll()).toEqual(["settled"]);
  });

  test("is told where an inbox is made, and to who looks at dead letters", async () => {
    const source = sourceOf("made", { kind: "topic" });
    await declared(rig, source);
    const inbox = inboxOf(source, "g");
    await replace(`${baseOf(inbox)}/bell`);
    await expect(declared(rig, source, "g")).rejects.toEqual(corrupt(`${baseOf(inbox)}/bell`));
    await rig.other.command("DEL", [`${baseOf(inbox)}/bell`]);
    await declared(rig, source, "g");
    await replace(`${baseOf(inbox)}/dead`);
    const walking = rig.transport.walk(inbox, async () => "keep", AbortSignal.timeout(5_000));
    await expect(walking).rejects.toEqual(corrupt(`${baseOf(inbox)}/dead`));
  });
});
