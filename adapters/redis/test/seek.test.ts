import { Buffer } from "node:buffer";
import { expect, test } from "vitest";
import { keysOfInbox, keysOfSource } from "../src/names.ts";
import { clear, fill, rewind } from "../src/scripts/topology.ts";
import {
  baseOf,
  declared,
  eventually,
  inboxOf,
  keyOf,
  letter,
  Member,
  type Rig,
  rigOn,
  sent,
  sourceOf,
} from "./rig.ts";
import { describeRedis, startServer } from "./start-server.ts";

const topic = sourceOf("t", { kind: "topic", retainMs: 3_600_000 });
const inbox = inboxOf(topic, "g");
const base = baseOf(inbox);
const source = keyOf(topic, "").slice(0, -1);
const keys = [...keysOfInbox(base, 1), ...keysOfSource(source)];

async function rewound({ other }: Rig): Promise<void> {
  expect(await other.run(rewind, keys, [base, source, "0-0"])).toBe(1);
}

async function cleared({ other }: Rig): Promise<void> {
  while (Number(await other.run(clear, keys, [base, 1, 0, "+"])) > 0);
}

describeRedis("a group that is moved to the beginning (SUB-8)", () => {
  test("gets all, although a member joined before it was cleared", async () => {
    await using server = await startServer();
    await using rig = await rigOn(server.url);
    await declared(rig, topic, "g");
    await sent(rig, topic, "a", "b", "c");
    await rewound(rig);
    await declared(rig, topic, "g");
    await cleared(rig);
    await declared(rig, topic, "g");
    await using member = await Member.of(rig, inbox);
    await member.has("a", "b", "c");
    expect(await rig.transport.depth(inbox)).toMatchObject({ ready: 0, inFlight: 3 });
  });

  test("keeps what it was filled with from whoever still clears it", async () => {
    await using server = await startServer();
    await using rig = await rigOn(server.url);
    await declared(rig, topic, "g");
    await sent(rig, topic, "a", "b", "c");
    await rewound(rig);
    await cleared(rig);
    await declared(rig, topic, "g");
    await cleared(rig);
    await using member = await Member.of(rig, inbox);
    await member.has("a", "b", "c");
    expect(await rig.transport.depth(inbox)).toMatchObject({ ready: 0, inFlight: 3 });
  });

  test("and to the end before it has caught up, gets nothing of the past", async () => {
    await using server = await startServer();
    await using rig = await rigOn(server.url);
    await declared(rig, topic, "g");
    await sent(rig, topic, "a", "b", "c");
    await rewound(rig);
    await rig.transport.declare([{ kind: "inbox", inbox, start: { from: "now", reset: true } }]);
    await sent(rig, topic, "d");
    await using member = await Member.of(rig, inbox);
    await member.has("d");
    await eventually(async () => expect(await rig.transport.depth(inbox)).toMatchObject({ ready: 0, inFlight: 1 }));
  });

  test("leaves nothing of what waited for others of its key, for the next of them to go through", async () => {
    await using server = await startServer();
    await using rig = await rigOn(server.url);
    const ordered = sourceOf("o", { kind: "topic", ordered: true });
    await declared(rig, ordered, "g");
    const group = inboxOf(ordered, "g");
    await using member = await Member.of(rig, group);
    await sent(rig, ordered, ...["a", "b", "c"].map((id) => letter(id, { key: "k" })));
    await member.has("a");
    expect(await rig.other.command("ZCARD", [`${baseOf(group)}/index`])).toBe(2);
    await rig.transport.declare([{ kind: "inbox", inbox: group, start: { from: "now", reset: true } }]);
    expect(await rig.other.command("EXISTS", [`${baseOf(group)}/index`])).toBe(0);
    await sent(rig, ordered, letter("d", { key: "k" }));
    await member.settle(member.got[0]);
    await member.has("a", "d");
  });

  test("is filled in steps that are short also where messages are long", async () => {
    await using server = await startServer();
    await using rig = await rigOn(server.url);
    await declared(rig, topic, "g");
    const body = Buffer.alloc(2 ** 20);
    for (let n = 0; n < 40; n += 1) await sent(rig, topic, letter(`no ${n}`, { body }));
    await rewound(rig);
    await cleared(rig);
    let steps = 1;
    while ((await rig.other.run(fill, keys, [base, source, "0 1"])) === 1) steps += 1;
    expect(steps).toBeGreaterThan(3);
    expect(await rig.transport.depth(inbox)).toMatchObject({ ready: 40 });
  });
});
