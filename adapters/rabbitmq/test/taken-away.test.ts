import { nameOf, type WireMessage } from "@waybill/core";
import { orSkip } from "@waybill/testing";
import { afterAll, describe, expect, test } from "vitest";
import { levelCount } from "../src/delay.ts";
import { deadQueue, delayName, inboxBase, readyQueue, spaceNames } from "../src/names.ts";
import { opened, settingsFor } from "./connection.ts";
import {
  dead,
  declared,
  eventually,
  inboxOf,
  letter,
  lettersOf,
  Member,
  namespace,
  retry,
  rigOn,
  sent,
  sourceOf,
} from "./rig.ts";
import { startServer } from "./start-server.ts";

const server = await orSkip(startServer());
afterAll(() => server?.stop());
const url = server?.url ?? "amqp://guest:guest@none";

async function removed(...queues: readonly string[]): Promise<void> {
  await using it = await opened(settingsFor(url));
  const channel = await it.connection.model.createChannel();
  for (const queue of queues) await channel.deleteQueue(queue);
}

describe.skipIf(server === undefined)("what somebody else takes away", () => {
  test.each([
    ["a queue", false],
    ["an ordered queue", true],
  ])(
    "%s under its consumer: it is told, what was in hand is not ours any more, and the member goes on",
    async (name, ordered) => {
      await using rig = await rigOn(url);
      const source = sourceOf(name, { ordered });
      await declared(rig, source);
      const inbox = inboxOf(source);
      await using member = await Member.of(rig, inbox);
      const keyed = { key: "k" };
      await sent(rig, source, letter("a", keyed));
      await member.has("a");
      const base = inboxBase(namespace, nameOf(inbox));
      await removed(...Array.from({ length: ordered ? 8 : 1 }, (_, lane) => readyQueue(base, lane)));
      await eventually(() => expect(member.lost.map(({ id }) => id)).toEqual(["a"]));
      await eventually(() => expect(rig.reports.map(({ kind }) => kind)).toContain("position-lost"));
      expect(await member.settle(member.got[0])).toEqual(["lost"]);
      await eventually(async () => expect(await sent(rig, source, letter("b", keyed))).toEqual(["stored"]));
      await eventually(() => expect(member.ids).toContain("b"));
      expect(await member.settle(member.got.find(({ id }) => id === "b"))).toEqual(["settled"]);
    },
  );

  test("a queue nobody works on: what is sent to it is refused, not lost, and it can be made again", async () => {
    await using rig = await rigOn(url);
    const source = sourceOf("unworked");
    await declared(rig, source);
    await removed(readyQueue(inboxBase(namespace, nameOf(inboxOf(source))), 0));
    expect(await sent(rig, source, "a")).toMatchObject([{ outcome: "refused", error: { code: "NO_ROUTE" } }]);
    await declared(rig, source);
    expect(await sent(rig, source, "b")).toEqual(["stored"]);
  });

  test("the dead letters: what is to be buried is not lost, and found there", async () => {
    await using rig = await rigOn(url);
    const source = sourceOf("unburied");
    await declared(rig, source);
    const inbox = inboxOf(source);
    await using member = await Member.of(rig, inbox);
    await sent(rig, source, "a");
    await member.has("a");
    await removed(deadQueue(inboxBase(namespace, nameOf(inbox))));
    await eventually(async () => expect(await member.settle(member.got.at(-1), dead)).toEqual(["settled"]));
    expect((await lettersOf(rig, inbox)).map(({ id }) => id)).toEqual(["a"]);
  });

  test.each(["queues", "exchanges"])("the delay, its %s: it is made again for what is delayed next", async (what) => {
    await using rig = await rigOn(url, {}, { namespace: what });
    const source = sourceOf("delayed");
    await declared(rig, source);
    await using member = await Member.of(rig, inboxOf(source));
    const soon = (id: string): WireMessage => letter(id, { deliverAt: Date.now() + 40 });
    expect(await sent(rig, source, soon("a"))).toEqual(["stored"]);
    await member.has("a");
    await using it = await opened(settingsFor(url));
    const channel = await it.connection.model.createChannel();
    for (let level = 0; level < levelCount; level += 1) {
      if (what === "queues") await channel.deleteQueue(delayName(what, level));
      else await channel.deleteExchange(delayName(what, level));
    }
    expect(await sent(rig, source, soon("b"), "c")).toEqual(["stored", "stored"]);
    expect(await member.settle(member.got[0], { ...retry, delayMs: 40 })).toEqual(["settled"]);
    await eventually(() => expect(new Set(member.ids)).toEqual(new Set(["a", "b", "c"])));
    await eventually(() => expect(member.got.find(({ failures }) => failures === 1)?.id).toBe("a"));
  });

  test("the exchange of all topics: what is published is not said to be stored until it is", async () => {
    const rig = await rigOn(url, {}, { namespace: "exchange" });
    await using _ = rig;
    const source = sourceOf("events", { kind: "topic" });
    await declared(rig, source, "g");
    await using it = await opened(settingsFor(url));
    const { topics } = spaceNames("exchange");
    await (await it.connection.model.createChannel()).deleteExchange(topics);
    expect(await sent(rig, source, "a")).not.toEqual(["stored"]);
    await declared(rig, source, "g");
    expect(await sent(rig, source, "b")).toEqual(["stored"]);
    await using member = await Member.of(rig, inboxOf(source, "g"));
    await member.has("b");
  });

  test("all connections, by an operator: both come back, and nothing is lost", async () => {
    await using rig = await rigOn(url);
    const source = sourceOf("closed");
    await declared(rig, source);
    await using member = await Member.of(rig, inboxOf(source));
    await sent(rig, source, "a", "b");
    await member.has("a", "b");
    await server?.administer("close_all_connections", "for a test");
    await eventually(() => {
      const kinds = rig.reports.map(({ kind }) => kind);
      expect(kinds.filter((kind) => kind === "lost")).toHaveLength(2);
      expect(kinds.filter((kind) => kind === "restored")).toHaveLength(2);
    });
    expect(rig.reports.find(({ kind }) => kind === "lost")?.error?.message).toContain("for a test");
    expect(member.lost.map(({ id }) => id)).toEqual(["a", "b"]);
    expect(await member.settle(member.got[0])).toEqual(["lost"]);
    await eventually(async () => expect(await sent(rig, source, "c")).toEqual(["stored"]));
    await eventually(() => expect(member.ids.slice(2).toSorted()).toEqual(["a", "b", "c"]));
    for (const delivery of member.got.slice(2)) expect(await member.settle(delivery)).toEqual(["settled"]);
  });
});
