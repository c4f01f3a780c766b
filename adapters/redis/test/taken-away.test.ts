import type { Broker } from "@waybill/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { unbind } from "../src/scripts/topology.ts";
import {
  baseOf,
  commandsOf,
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

describeRedis("what somebody else takes away", () => {
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

  test.each([
    ["all is trimmed", (ready: string) => ["XTRIM", ready, "MAXLEN", "0"]],
    ["the stream is deleted", (ready: string) => ["DEL", ready]],
    ["the stream is deleted and the bell", (ready: string) => ["DEL", ready, ready.replace("ready0", "bell")]],
    ["the group is destroyed", (ready: string) => ["XGROUP", "DESTROY", ready, "g"]],
    ["the members are deleted", (ready: string) => ["DEL", ready.replace("ready0", "members")]],
    ["what says how it is made is deleted", (ready: string) => ["DEL", ready.replace("ready0", "meta")]],
  ] as const)("%s: what is in hand is not lost, the member goes on", async (what, command) => {
    const source = sourceOf(what);
    await declared(rig, source);
    const inbox = inboxOf(source);
    await using member = await Member.of(rig, inbox, 2);
    await sent(rig, source, "a", "b", "c");
    await member.has("a", "b");
    const before = await commandsOf(rig);
    const [name = "", ...args] = command(`${baseOf(inbox)}/ready0`);
    await rig.other.command(name, args);
    const [a, b] = member.got;
    if (what.includes("how it is made")) await declared(rig, source, inbox.group);
    await member.settle(a, retry);
    await member.settle(b);
    expect(await sent(rig, source, "d")).toEqual(["stored"]);
    await eventually(async () => {
      await member.settleAll();
      expect(member.ids).toContain("d");
      expect(await rig.transport.depth(inbox)).toMatchObject({ ready: 0, inFlight: 0 });
    });
    const again = member.ids.slice(2).includes("a") || member.lost.some(({ id }) => id === "a");
    expect(again).toBe(true);
    expect((await commandsOf(rig)) - before).toBeLessThan(600);
  });

  test("entries in hand are deleted: they are settled, tried again and buried all the same", async () => {
    const source = sourceOf("deleted");
    await declared(rig, source);
    const inbox = inboxOf(source);
    await using member = await Member.of(rig, inbox, 3);
    await sent(rig, source, "a", "b", "c", "unread", "last");
    await member.has("a", "b", "c");
    const entries = (await rig.other.command("XRANGE", [`${baseOf(inbox)}/ready0`, "-", "+", "COUNT", 4])) as [
      Buffer,
    ][];
    await rig.other.command("XDEL", [`${baseOf(inbox)}/ready0`, ...entries.map(([id]) => id)]);
    const [a, b, c] = member.got;
    expect(await member.settle(a)).toEqual(["settled"]);
    expect(await member.settle(b, retry)).toEqual(["settled"]);
    expect(await member.settle(c, { outcome: "dead", note: {} })).toEqual(["settled"]);
    await member.has("a", "b", "c", "b", "last");
    expect(member.got.find(({ id, failures }) => id === "b" && failures === 1)?.body).toEqual(Buffer.from("body of b"));
    await member.settleAll();
    expect(await rig.transport.depth(inbox)).toMatchObject({ ready: 0, inFlight: 0, dead: 1 });
  });

  test.each([
    ["the first of a key, before it is read", (base: string) => ["XTRIM", `${base}/ready0`, "MAXLEN", "0"]],
    ["the stream of what is ready", (base: string) => ["DEL", `${base}/ready0`]],
    ["how many of a key there are", (base: string) => ["DEL", `${base}/busy`]],
    ["what sorts those that wait", (base: string) => ["DEL", `${base}/index`]],
    ["some of those that wait", (base: string) => ["XTRIM", `${base}/waiting`, "MAXLEN", "2"]],
  ] as const)("of an ordered inbox, %s: the others of the key come, in order", async (what, command) => {
    const source = sourceOf(what, { ordered: true });
    await declared(rig, source);
    const inbox = inboxOf(source);
    await sent(rig, source, ...["1", "2", "3", "4"].map((id) => letter(id, { key: "a:1" })));
    const [name = "", ...args] = command(baseOf(inbox));
    await rig.other.command(name, args);
    await declared(rig, source, inbox.group);
    await using member = await Member.of(rig, inbox);
    await eventually(async () => {
      await member.settleAll();
      expect(member.ids).toEqual(expect.arrayContaining(["3", "4"]));
    });
    expect(member.ids).toEqual(member.ids.toSorted());
    expect(await sent(rig, source, letter("5", { key: "a:1" }))).toEqual(["stored"]);
    await eventually(async () => {
      await member.settleAll();
      expect(member.ids.at(-1)).toBe("5");
    });
    await member.settleAll();
    await eventually(async () =>
      expect(await rig.other.command("EXISTS", [`${baseOf(inbox)}/busy`, `${baseOf(inbox)}/index`])).toBe(0),
    );
  });

  test("the consumer of a member that lives, with messages in its hands: they are handled, and nothing is left", async () => {
    const source = sourceOf("live consumer");
    await declared(rig, source);
    const inbox = inboxOf(source);
    await using member = await Member.of(rig, inbox, 2);
    await sent(rig, source, "a", "b", "c");
    await member.has("a", "b");
    const ready = `${baseOf(inbox)}/ready0`;
    for (const consumer of await consumersOf(rig, ready))
      await rig.other.command("XGROUP", ["DELCONSUMER", ready, "g", consumer]);
    expect(await member.settle(member.got[0], retry)).toEqual(["settled"]);
    await eventually(async () => {
      await member.settleAll();
      expect(member.ids).toEqual(expect.arrayContaining(["a", "b", "c"]));
      expect(await rig.transport.depth(inbox)).toMatchObject({ ready: 0, inFlight: 0 });
    });
    expect(member.got.filter(({ id }) => id === "a")).toHaveLength(2);
  });

  test("the consumer of a dead member: another gets what it had", async () => {
    const source = sourceOf("dead consumer");
    await declared(rig, source);
    const inbox = inboxOf(source);
    const ready = `${baseOf(inbox)}/ready0`;
    await sent(rig, source, "a", "b");
    await rig.other.command("XREADGROUP", ["GROUP", "g", "dead", "COUNT", 2, "STREAMS", ready, ">"]);
    await rig.other.command("XGROUP", ["DELCONSUMER", ready, "g", "dead"]);
    await using member = await Member.of(rig, inbox);
    await member.has("a", "b");
    expect(await member.settleAll()).toEqual(["settled", "settled"]);
  });

  test("all keys of an inbox: it was removed, and what comes after that waits for who declares it again", async () => {
    const source = sourceOf("removed", { kind: "topic" });
    await declared(rig, source, "g");
    const inbox = inboxOf(source, "g");
    await using member = await Member.of(rig, inbox);
    await sent(rig, source, "a");
    await member.has("a");
    await rig.other.command(
      "DEL",
      ((await rig.other.command("KEYS", [`${baseOf(inbox).replaceAll("{", "\\{")}/*`])) as Buffer[]).map(String),
    );
    await expect(member.receiver.ended).rejects.toMatchObject({
      code: "MISSING",
      message: expect.stringContaining(`"g"`) as unknown,
    });
    expect(member.lost.map(({ id }) => id)).toEqual(["a"]);
    expect(await sent(rig, source, "b")).toEqual(["stored"]);
    await declared(rig, source, "g");
    await using next = await Member.of(rig, inbox);
    await next.has("b");
  });

  test("an inbox, and dies half-way: it gets what comes after it was declared again (SUB-1)", async () => {
    const source = sourceOf("half-way", { kind: "topic" });
    await declared(rig, source, "g");
    const inbox = inboxOf(source, "g");
    const top = keyOf(source, "").slice(0, -1);
    await rig.other.run(unbind, [keyOf(source, "meta"), keyOf(source, "groups")], [top, baseOf(inbox)]);
    await declared(rig, source, "g");
    await using member = await Member.of(rig, inbox);
    expect(await sent(rig, source, "a")).toEqual(["stored"]);
    await member.has("a");
  });

  test("the topic's own keys: it is not there, until it is declared again", async () => {
    const source = sourceOf("unmade", { kind: "topic" });
    await declared(rig, source, "g");
    await sent(rig, source, "a");
    await rig.other.command(
      "DEL",
      ["meta", "groups", "log"].map((part) => keyOf(source, part)),
    );
    const missing = { outcome: "refused", error: { code: "NO_ROUTE" } };
    expect(await sent(rig, source, "b")).toMatchObject([missing]);
    await using member = await Member.of(rig, inboxOf(source, "g"));
    await member.has("a");
  });
});

describeRedis("a server that forgets everything", () => {
  test.each(["FLUSHALL", "restart"])("%s: the member is told, and goes on in a place made anew", async (how) => {
    await using server = await startServer("--appendonly", "no");
    await using rig = await rigOn(server.url);
    const source = sourceOf("all", { kind: "topic" });
    await declared(rig, source, "g");
    const inbox = inboxOf(source, "g");
    await using member = await Member.of(rig, inbox);
    await sent(rig, source, "a");
    await member.has("a");
    if (how === "restart") await server.restart();
    else await rig.other.command("FLUSHALL", []);
    await eventually(() => expect(rig.reports.map(({ kind }) => kind)).toContain("position-lost"));
    expect(member.lost.map(({ id }) => id)).toEqual(["a"]);
    expect(await sent(rig, source, "b")).toEqual(["stored"]);
    await member.has("a", "b");
    expect(await member.settle(member.got[1])).toEqual(["settled"]);
    expect(rig.reports.filter(({ kind }) => kind === "position-lost")).toHaveLength(1);
  });
});

async function consumersOf({ other }: Rig, ready: string): Promise<readonly string[]> {
  const consumers = (await other.command("XINFO", ["CONSUMERS", ready, "g"])) as readonly (readonly Buffer[])[];
  return consumers.map(([, name]) => String(name));
}
