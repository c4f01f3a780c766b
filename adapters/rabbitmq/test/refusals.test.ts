import { readFileSync } from "node:fs";
import { inspect } from "node:util";
import { connect, nameOf, type Transport } from "@waybill/core";
import { containing } from "@waybill/test-servers";
import { orSkip } from "@waybill/testing";
import { afterAll, describe, expect, test } from "vitest";
import { deadQueue, inboxBase, readyQueue, spaceNames } from "../src/names.ts";
import { rabbitmq } from "../src/rabbitmq.ts";
import { opened, settingsFor } from "./connection.ts";
import { orders } from "./orders.ts";
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
import { startServer, urlWith } from "./start-server.ts";

const server = await orSkip(startServer({ config: ["max_message_size = 100000"] }));
afterAll(() => server?.stop());
const url = server?.url ?? "amqp://guest:guest@none";

/** A user who may only this, as whom the URL connects. */
async function userWho(name: string, configure: string, write: string, read: string): Promise<string> {
  await server?.administer("add_user", name, "sesame");
  await server?.administer("set_permissions", name, configure, write, read);
  return urlWith(url, { username: name, password: "sesame" });
}

describe.skipIf(server === undefined)("a user who may only what the README says", () => {
  test("can do everything", async () => {
    const [configure = "", write = "", read = ""] = rightsInReadme();
    await using rig = await rigOn(await userWho("waybill", configure, write, read));
    for (const shape of [
      { ordered: true },
      { priorities: 3 },
      { kind: "topic" },
      { kind: "topic", ordered: true },
    ] as const) {
      const source = sourceOf(`all ${JSON.stringify(shape)}`, shape);
      const group = "kind" in shape ? "g" : source.name;
      await declared(rig, source, group);
      const inbox = inboxOf(source, group);
      expect(await sent(rig, source, letter("a", { key: "k", deliverAt: Date.now() + 100 }))).toEqual(["stored"]);
      const member = await Member.of(rig, inbox);
      await member.has("a");
      expect(await member.settle(member.got[0], retry)).toEqual(["settled"]);
      await member.has("a", "a");
      expect(await member.settle(member.got[1], dead)).toEqual(["settled"]);
      expect(await lettersOf(rig, inbox)).toHaveLength(1);
      expect(await rig.transport.depth(inbox)).toMatchObject({ ready: 0, dead: 1 });
      await member.receiver.close();
      await rig.transport.remove(source);
    }
    expect(rig.reports).toEqual([]);
  });
});

describe.skipIf(server === undefined)("who may not", () => {
  test("get in is told so by connect", async () => {
    const wrong = urlWith(url, { password: "sesame" });
    const refused: unknown = await connect(wrong, { adapters: [rabbitmq] }).catch((thrown: unknown) => thrown);
    expect(refused).toMatchObject({ code: "PERMISSION" });
    expect(inspect(refused, { depth: 9, showHidden: true })).not.toContain("sesame");
    const missing = connect(urlWith(url, { pathname: "/nope" }), { adapters: [rabbitmq] });
    await expect(missing).rejects.toMatchObject({ code: "PERMISSION", message: containing('vhost "nope"') });
  });

  test("configure makes nothing, is told what he lacks, and goes on with what is there", async () => {
    await using rig = await rigOn(url);
    const source = sourceOf("there");
    await declared(rig, source, "there");
    await using poor = await rigOn(await userWho("reader", "", ".*", ".*"), {}, { topology: "verify" });
    await poor.transport.declare([
      source,
      { kind: "inbox", inbox: inboxOf(source), start: { from: "now", reset: false } },
    ]);
    await using greedy = await rigOn(urlWith(url, { username: "reader", password: "sesame" }));
    const lacks = { code: "PERMISSION", message: containing("refused for user 'reader'") };
    await expect(greedy.transport.declare([sourceOf("new")])).rejects.toMatchObject(lacks);
    expect(await sent(greedy, source, "a")).toEqual(["stored"]);
    await using member = await Member.of(greedy, inboxOf(source));
    await member.has("a");
    expect(greedy.reports).toEqual([]);
  });

  test("write is refused and not left waiting, and others on the same connection are not harmed", async () => {
    await using rig = await rigOn(url);
    const [jobs, events] = [sourceOf("jobs"), sourceOf("events", { kind: "topic" })];
    await declared(rig, jobs);
    await declared(rig, events, "g");
    await using poor = await rigOn(await userWho("writer", ".*", "amq\\.default|wb:t:jobs.*", ".*"));
    const lacks = {
      outcome: "refused",
      error: { code: "PERMISSION", message: containing("refused for user 'writer'") },
    };
    const [refused, stored] = await Promise.all([sent(poor, events, "a", "b"), sent(poor, jobs, "c", "d")]);
    expect(refused).toMatchObject([lacks, lacks]);
    expect(stored).toEqual(["stored", "stored"]);
    expect(await sent(poor, jobs, "e")).toEqual(["stored"]);
  });

  test("read is told so when he subscribes", async () => {
    await using rig = await rigOn(url);
    const source = sourceOf("unread");
    await declared(rig, source);
    await using poor = await rigOn(await userWho("blind", ".*", ".*", ""));
    const receiving = Member.of(poor, inboxOf(source));
    await expect(receiving).rejects.toMatchObject({ code: "PERMISSION", message: containing("for user 'blind'") });
  });
});

describe.skipIf(server === undefined)("what is there already", () => {
  const there = async (name: string, group: string, what: "ready" | "dead", args: object): Promise<string> => {
    await using it = await opened(settingsFor(url));
    const channel = await it.connection.model.createChannel();
    const base = inboxBase(namespace, nameOf(inboxOf(sourceOf(name), group)));
    const queueName = what === "dead" ? deadQueue(base) : readyQueue(base, 0);
    await channel.assertQueue(queueName, { arguments: args });
    return queueName;
  };
  const declares = (transport: Transport, name: string): Promise<void> => transport.declare([sourceOf(name)]);

  test.each([
    ["other-type", "ready", {}, "inequivalent arg"],
    ["other-arguments", "ready", { "x-queue-type": "quorum", "x-max-length": 5 }, "inequivalent arg"],
    ["other-letters", "dead", { "x-queue-type": "quorum" }, "inequivalent arg"],
    ["other-letters-type", "dead", {}, "inequivalent arg"],
  ] as const)("%s, a queue of the same name, is refused by name, with both values", async (name, what, args, why) => {
    const queueName = await there(name, name, what, args);
    await using rig = await rigOn(url);
    const refused = declares(rig.transport, name);
    await expect(refused).rejects.toMatchObject({ code: "TOPOLOGY_MISMATCH", message: containing(`'${queueName}'`) });
    await expect(refused).rejects.toMatchObject({ message: containing(why) });
    await expect(refused).rejects.toMatchObject({ message: containing("but current is") });
    await expect(refused).rejects.toMatchObject({ message: containing("remove it, or take another namespace") });
    // The refusal has harmed nobody else.
    await declares(rig.transport, `${name}-beside`);
    expect(await sent(rig, sourceOf(`${name}-beside`), "a")).toEqual(["stored"]);
  });

  test("an exchange of another type is refused by name", async () => {
    await using it = await opened(settingsFor(url));
    const { topics } = spaceNames("taken");
    await (await it.connection.model.createChannel()).assertExchange(topics, "fanout");
    const opening = rigOn(url, {}, { namespace: "taken" });
    const refused = opening.then(async (rig) => {
      await using _ = rig;
      await rig.transport.declare([sourceOf("s", { kind: "topic" })]);
    });
    await expect(refused).rejects.toMatchObject({ code: "TOPOLOGY_MISMATCH", message: containing(`'${topics}'`) });
  });
});

describe.skipIf(server === undefined)("sizes", () => {
  test("a body over the server's max_message_size is refused, though we were told another, and the rest is stored", async () => {
    await using rig = await rigOn(url);
    const source = sourceOf("large");
    await declared(rig, source);
    const large = letter("large", { body: Buffer.alloc(200_000) });
    const results = await sent(rig, source, "a", large, "b");
    expect(results).toMatchObject(["stored", { outcome: "refused", error: { code: "TOO_LARGE" } }, "stored"]);
    await using member = await Member.of(rig, inboxOf(source));
    // What came before it on its channel may have been stored twice.
    await eventually(() => expect(new Set(member.ids)).toEqual(new Set(["a", "b"])));
  });

  test("ids, names and values of any length come back as they were, and what cannot be written is refused alone", async () => {
    await using rig = await rigOn(url);
    const source = sourceOf("long");
    await declared(rig, source);
    const long = "ä".repeat(400);
    const key = "k".repeat(1_000);
    const headers = { [long]: long, "content-type": long, "correlation-id": long };
    const huge = letter("huge", { headers: { h: "x".repeat(70_000) } });
    const results = await sent(rig, source, letter(long, { key, headers }), huge, "b");
    expect(results).toMatchObject(["stored", { outcome: "refused", error: { code: "TOO_LARGE" } }, "stored"]);
    await using member = await Member.of(rig, inboxOf(source));
    await member.has(long, "b");
    expect(member.got.find(({ id }) => id === long)).toMatchObject({ key, headers, malformed: undefined });
  });

  test("headers as long as they may be go through a retry, the dead letters and a redrive with a note of any length", async () => {
    await using rig = await rigOn(url);
    const source = sourceOf("noted");
    await declared(rig, source);
    const inbox = inboxOf(source);
    const { maxHeaderBytes } = rig.transport.supports(source.shape);
    const id = "ä".repeat(300);
    const headers = { h: "x".repeat(maxHeaderBytes - 1) };
    expect(await sent(rig, source, letter(id, { headers }))).toEqual(["stored"]);
    await using member = await Member.of(rig, inbox);
    await member.has(id);
    const note = { "waybill-note": "n".repeat(8_000) };
    expect(await member.settle(member.got[0], { ...retry, note })).toEqual(["settled"]);
    await member.has(id, id);
    expect(await member.settle(member.got[1], { ...dead, note })).toEqual(["settled"]);
    const [buried] = await lettersOf(rig, inbox);
    expect(buried).toMatchObject({ id, headers: { ...headers, ...note } });
    await rig.transport.walk(inbox, async () => "redrive", AbortSignal.timeout(10_000));
    await member.has(id, id, id);
    expect(member.got[2]).toMatchObject({ id, headers: { ...headers, ...note }, failures: 0 });
  });

  test("the stack of an error is cut so that its dead letter fits", async () => {
    await using bus = await connect(url, { adapters: [rabbitmq], namespace: "stacks" });
    const handler = (): never => {
      throw Object.assign(new Error("m".repeat(100_000)), { stack: "s".repeat(200_000) });
    };
    await bus.work(orders, { retry: { maxAttempts: 1 } }, handler);
    await bus.send(orders, { n: 1 });
    const letters = bus.inbox(orders).deadLetters;
    const found = await firstOf(letters);
    expect(found?.data).toEqual({ n: 1 });
  });
});

/** The three patterns of the `set_permissions` that the README gives. */
function rightsInReadme(): readonly string[] {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  return Array.from(
    /set_permissions waybill (.*)/.exec(readme)?.[1]?.matchAll(/'([^']*)'/g) ?? [],
    ([, right = ""]) => right,
  );
}

async function firstOf(letters: { list(): AsyncIterable<unknown> }): Promise<{ readonly data?: unknown } | undefined> {
  for (;;) for await (const letter of letters.list()) return letter as { readonly data?: unknown };
}
