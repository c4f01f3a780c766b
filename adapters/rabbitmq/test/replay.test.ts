import { type Inbox, nameOf, type Receiver, type Source, type Start } from "@waybill/core";
import { faultProxy } from "@waybill/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { inboxBase, keptQueue, unfilledQueue } from "../src/names.ts";
import { isThere } from "../src/presence.ts";
import { opened, settingsFor } from "./connection.ts";
import {
  dead,
  eventually,
  inboxOf,
  letter,
  lettersOf,
  Member,
  namespace,
  retry,
  type Rig,
  rigOn,
  sent,
  sourceOf,
} from "./rig.ts";
import { startServer } from "./start-server.ts";

let broker: Awaited<ReturnType<typeof startServer>>;
beforeAll(async () => {
  broker = await startServer();
});
afterAll(() => broker.stop());

const hour = 3_600_000;
const beginning: Start = { from: "beginning", reset: false };
const now: Start = { from: "now", reset: false };
const kinds = [
  ["a group", false],
  ["an ordered group", true],
] as const;

function topicOf(name: string, ordered: boolean, retainMs = hour): Source {
  return sourceOf(name.replaceAll(" ", "-"), { kind: "topic", ordered, retainMs });
}

function begun({ transport }: Rig, inbox: Inbox, start: Start): Promise<void> {
  const { source: name, shape } = inbox;
  return transport.declare([
    { kind: "source", name, shape },
    { kind: "inbox", inbox, start },
  ]);
}

/** Publishes that many to some keys in turn, from a number on. */
async function published(rig: Rig, topic: Source, from: number, to: number): Promise<void> {
  const letters = Array.from({ length: to - from }, (_, index) => {
    const n = from + index;
    return letter(`${n}`, { source: topic.name, key: `k${n % 20}` });
  });
  for (let at = 0; at < letters.length; at += 100) {
    const batch = letters.slice(at, at + 100);
    expect(await sent(rig, topic, ...batch)).toEqual(batch.map(() => "stored"));
  }
}

function ids(from: number, to: number): readonly string[] {
  return Array.from({ length: to - from }, (_, index) => `${from + index}`);
}

/** Members that ack all they get, and what they got. */
class Handled implements AsyncDisposable {
  readonly ids: string[] = [];
  readonly #members: AsyncDisposable[] = [];

  static async by(rig: Rig, inbox: Inbox, ...others: readonly Rig[]): Promise<Handled> {
    const handled = new Handled();
    for (const { transport } of [rig, ...others]) {
      const { promise: ready, resolve } = Promise.withResolvers<Receiver>();
      const receiver = await transport.receive(
        inbox,
        { window: 50, bytes: 2 ** 20, settle: "after" },
        {
          deliver: (batch) => {
            handled.ids.push(...batch.map(({ id }) => id));
            const done = batch.map((delivery) => ({ delivery, outcome: "ack", sends: [] }) as const);
            void ready.then((it) => it.settle(done));
          },
          lost: () => undefined,
        },
      );
      resolve(receiver);
      handled.#members.push({ [Symbol.asyncDispose]: () => receiver.close() });
    }
    return handled;
  }

  /** Resolves when it was all these, and the inbox is empty; they came by key in order. */
  async all(count: number, { transport }: Rig, inbox: Inbox): Promise<void> {
    await eventually(() => expect(new Set(this.ids).size).toBe(count));
    await eventually(async () => expect(await transport.depth(inbox)).toMatchObject({ ready: 0 }));
    if (!inbox.ordered) return;
    const first = [...new Set(this.ids)].map(Number);
    for (const key of new Set(first.map((n) => n % 20))) {
      const ofKey = first.filter((n) => n % 20 === key);
      expect(ofKey).toEqual(ofKey.toSorted((one, other) => one - other));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const member of this.#members) await member[Symbol.asyncDispose]();
  }
}

describe.each(kinds)("%s that begins in the past", (kind, ordered) => {
  test("gets all of it, though its maker is killed in the middle of the copying", async () => {
    await using rig = await rigOn(broker.url);
    const topic = topicOf(`killed ${kind}`, ordered);
    const inbox = inboxOf(topic, "g");
    await rig.transport.declare([topic]);
    await published(rig, topic, 0, 1_000);
    await using link = await faultProxy({ to: broker.url });
    const dying = await rigOn(link.url(broker.url));
    const { promise: isKilled, resolve } = Promise.withResolvers<void>();
    link.toServer.when({ text: "body of 500" }, () => {
      link.cut();
      void link.refuse().then(resolve);
    });
    const making = begun(dying, inbox, beginning).then(
      () => "made",
      () => "killed",
    );
    await isKilled;
    await dying.transport.close();
    expect(await making).toBe("killed");
    await published(rig, topic, 1_000, 1_100);
    await using handled = await Handled.by(rig, inbox);
    await begun(rig, inbox, now);
    await handled.all(1_100, rig, inbox);
    await using direct = await opened(settingsFor(broker.url));
    expect(await isThere(direct.connection, unfilledQueue(inboxBase(namespace, nameOf(inbox))))).toBe(false);
  });

  test("gets it once, though two members declare it at once", async () => {
    await using rig = await rigOn(broker.url);
    await using other = await rigOn(broker.url);
    const topic = topicOf(`both ${kind}`, ordered);
    const inbox = inboxOf(topic, "g");
    await rig.transport.declare([topic]);
    await published(rig, topic, 0, 300);
    await Promise.all([begun(rig, inbox, beginning), begun(other, inbox, beginning)]);
    expect(await rig.transport.depth(inbox)).toMatchObject({ ready: 300 });
    await using handled = await Handled.by(rig, inbox, other);
    await handled.all(300, rig, inbox);
    expect(handled.ids.toSorted()).toEqual(ids(0, 300).toSorted());
  });

  test("gets all of it, and what is published all the while", async () => {
    await using rig = await rigOn(broker.url);
    await using other = await rigOn(broker.url);
    await using publisher = await rigOn(broker.url);
    const topic = topicOf(`meanwhile ${kind}`, ordered);
    const inbox = inboxOf(topic, "g");
    await rig.transport.declare([topic]);
    await published(rig, topic, 0, 500);
    let count = 500;
    let isOver = false;
    const publishing = (async () => {
      for (; !isOver; count += 20) await published(publisher, topic, count, count + 20);
    })();
    await begun(rig, inbox, beginning);
    await using handled = await Handled.by(rig, inbox, other);
    await eventually(() => expect(handled.ids.length).toBeGreaterThan(1_000));
    isOver = true;
    await publishing;
    await handled.all(count, rig, inbox);
    // In a shard what is there twice is seen.
    if (ordered) expect(handled.ids.length).toBe(count);
  });

  test("gets nothing that is older than its topic keeps", async () => {
    await using rig = await rigOn(broker.url);
    const topic = topicOf(`old ${kind}`, ordered, 500);
    const inbox = inboxOf(topic, "g");
    await rig.transport.declare([topic]);
    await published(rig, topic, 0, 10);
    const oldAt = Date.now() + 500;
    await eventually(() => expect(Date.now()).toBeGreaterThan(oldAt));
    await published(rig, topic, 10, 20);
    await begun(rig, inbox, beginning);
    await using direct = await opened(settingsFor(broker.url));
    expect(await isThere(direct.connection, keptQueue(namespace, topic.name))).toBe(true);
    await using handled = await Handled.by(rig, inbox);
    await handled.all(10, rig, inbox);
    expect(handled.ids.toSorted()).toEqual(ids(10, 20));
  });

  test("gets each message as it was published", async () => {
    await using rig = await rigOn(broker.url);
    const topic = topicOf(`faithful ${kind}`, ordered);
    const inbox = inboxOf(topic, "g");
    await rig.transport.declare([topic]);
    const headers = {
      "x-death": "é\u0000]",
      CC: "",
      "": "empty",
      "waybill-replay": "end",
      "content-type": "a/b",
      plain: "",
    };
    const odd = letter("é".repeat(200), { source: topic.name, key: "k\u0000", headers });
    expect(await sent(rig, topic, odd)).toEqual(["stored"]);
    await begun(rig, inbox, beginning);
    await using member = await Member.of(rig, inbox);
    await member.has(odd.id);
    const [got] = member.got;
    expect(got).toMatchObject({ key: odd.key, headers, failures: 0, deliveries: 1, malformed: undefined });
    expect(Buffer.from(got?.body ?? [])).toEqual(odd.body);
  });

  test("can fail, be tried again and be buried there", async () => {
    await using rig = await rigOn(broker.url);
    const topic = topicOf(`failing ${kind}`, ordered);
    const inbox = inboxOf(topic, "g");
    await rig.transport.declare([topic]);
    await published(rig, topic, 0, 1);
    await begun(rig, inbox, beginning);
    await published(rig, topic, 20, 21);
    await using member = await Member.of(rig, inbox);
    await eventually(() => expect(member.got.some(({ id }) => id === "0")).toBe(true));
    await member.settle(
      member.got.find(({ id }) => id === "0"),
      retry,
    );
    await eventually(() => expect(member.got.at(-1)).toMatchObject({ id: "0", failures: 1 }));
    expect(await member.settle(member.got.at(-1), dead)).toEqual(["settled"]);
    await eventually(() => expect(member.ids).toContain("20"));
    expect((await lettersOf(rig, inbox)).map(({ id }) => id)).toEqual(["0"]);
  });
});

describe.each(kinds)("%s that is moved", (kind, ordered) => {
  test("to the end has nothing left but what is in hand", async () => {
    await using rig = await rigOn(broker.url);
    const topic = topicOf(`emptied ${kind}`, ordered);
    const inbox = inboxOf(topic, "g");
    await begun(rig, inbox, now);
    await using member = await Member.of(rig, inbox, 1);
    await published(rig, topic, 0, 100);
    await eventually(() => expect(member.got).toHaveLength(1));
    await begun(rig, inbox, { from: "now", reset: true });
    expect(await member.settle(member.got[0])).toEqual(["settled"]);
    await published(rig, topic, 100, 101);
    await eventually(() => expect(member.ids.at(-1)).toBe("100"));
    expect(member.got).toHaveLength(2);
    await eventually(async () => expect(await rig.transport.depth(inbox)).toMatchObject({ ready: 0 }));
  });

  test("twice while it works gets all of it, and what was in hand is its own all the while", async () => {
    await using rig = await rigOn(broker.url);
    const topic = topicOf(`moved ${kind}`, ordered);
    const inbox = inboxOf(topic, "g");
    await begun(rig, inbox, now);
    await using member = await Member.of(rig, inbox, 10);
    await published(rig, topic, 0, 400);
    await eventually(() => expect(member.got).toHaveLength(10));
    await begun(rig, inbox, { from: "beginning", reset: true });
    await published(rig, topic, 400, 500);
    await begun(rig, inbox, { from: "beginning", reset: true });
    expect(member.lost).toEqual([]);
    for (const delivery of member.got.slice(0, 10)) expect(await member.settle(delivery)).toEqual(["settled"]);
    const seen = new Set<string>();
    for (let at = 10; seen.size < 500; at += 1) {
      await eventually(() => expect(member.got.length).toBeGreaterThan(at));
      seen.add(member.ids[at] ?? "");
      expect(await member.settle(member.got[at])).toEqual(["settled"]);
    }
    expect(member.lost).toEqual([]);
    await eventually(async () => expect(await rig.transport.depth(inbox)).toMatchObject({ ready: 0 }));
  });

  test("drops what was delayed for it", async () => {
    await using rig = await rigOn(broker.url);
    const topic = topicOf(`delayed ${kind}`, ordered);
    const inbox = inboxOf(topic, "g");
    await begun(rig, inbox, now);
    await using member = await Member.of(rig, inbox);
    await published(rig, topic, 0, 1);
    await member.has("0");
    await member.settle(member.got[0], { ...retry, delayMs: 700 });
    const dueAt = Date.now() + 900;
    await begun(rig, inbox, { from: "now", reset: true });
    await eventually(() => expect(Date.now()).toBeGreaterThan(dueAt));
    await published(rig, topic, 20, 21);
    await eventually(() => expect(member.ids).toEqual(["0", "20"]));
  });
});

test("an ordered group whose member dies while it catches up goes on in order", async () => {
  await using rig = await rigOn(broker.url);
  const topic = topicOf("dying", true);
  const inbox = inboxOf(topic, "g");
  await rig.transport.declare([topic]);
  await published(rig, topic, 0, 2_000);
  await begun(rig, inbox, beginning);
  await published(rig, topic, 2_000, 3_000);
  await using link = await faultProxy({ to: broker.url });
  await using dying = await rigOn(link.url(broker.url));
  await using handled = await Handled.by(dying, inbox);
  for (const count of [100, 700, 1_500, 2_100]) {
    await eventually(() => expect(handled.ids.length).toBeGreaterThan(count));
    link.cut();
  }
  await handled.all(3_000, rig, inbox);
});

test("a topic that is removed leaves no stream behind, and keeps anew when it is made again", async () => {
  await using rig = await rigOn(broker.url);
  const topic = topicOf("removed", true);
  const inbox = inboxOf(topic, "g");
  await begun(rig, inbox, now);
  await published(rig, topic, 0, 10);
  await begun(rig, inbox, { from: "beginning", reset: true });
  await rig.transport.remove(topic);
  await using direct = await opened(settingsFor(broker.url));
  expect(await isThere(direct.connection, keptQueue(namespace, topic.name))).toBe(false);
  await begun(rig, inbox, beginning);
  expect(await rig.transport.depth(inbox)).toMatchObject({ ready: 0 });
});

test("a topic that keeps for another time is refused", async () => {
  await using rig = await rigOn(broker.url);
  await rig.transport.declare([topicOf("other", false, hour)]);
  await expect(rig.transport.declare([topicOf("other", false, 2 * hour)])).rejects.toMatchObject({
    code: "TOPOLOGY_MISMATCH",
    message: expect.stringContaining("retainMs is 3600000, asked for is 7200000") as string,
  });
});

test("a subscription without a group can begin in the past, and is refused where it is ordered", async () => {
  await using rig = await rigOn(broker.url);
  const plain = topicOf("nameless", false);
  await rig.transport.declare([plain]);
  await published(rig, plain, 0, 5);
  const inbox = { ...inboxOf(plain, "e"), ephemeral: true };
  await begun(rig, inbox, beginning);
  await using handled = await Handled.by(rig, inbox);
  await handled.all(5, rig, inbox);
  const ordered = { ...inboxOf(topicOf("nameless-ordered", true), "e"), ephemeral: true };
  await expect(begun(rig, ordered, beginning)).rejects.toMatchObject({ code: "UNSUPPORTED" });
});
