import { Buffer } from "node:buffer";
import { nameOf } from "@waybill/core";
import { orSkip } from "@waybill/testing";
import type { Options } from "amqplib";
import { afterAll, describe, expect, test } from "vitest";
import { inboxBase, readyQueue } from "../src/names.ts";
import { opened, settingsFor } from "./connection.ts";
import {
  dead,
  declared,
  eventually,
  inboxOf,
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
const noise = Buffer.of(0, 255, 254, 13, 10, 0);
const deep = JSON.parse("[".repeat(1_000) + "]".repeat(1_000)) as unknown;

/** Puts a message into a queue of ours as another producer would. */
async function put(name: string, body: Buffer, options: Options.Publish): Promise<void> {
  await using it = await opened(settingsFor(url));
  const channel = await it.connection.model.createConfirmChannel();
  const base = inboxBase(namespace, nameOf(inboxOf(sourceOf(name))));
  channel.sendToQueue(readyQueue(base, 0), body, options);
  await channel.waitForConfirms();
}

describe.skipIf(server === undefined)("what somebody else has put into a queue", () => {
  test.each<[string, Options.Publish]>([
    ["without any property", {}],
    [
      "with properties of its own",
      { messageId: "theirs", type: "t", appId: "a", correlationId: "c", contentType: "text/plain" },
    ],
    [
      "with headers of all kinds",
      { headers: { n: 1, big: 2 ** 40, b: true, list: [1, "a"], table: { a: { b: 1 } }, nil: null } },
    ],
    ["with deep headers", { headers: { deep } }],
    ["with hostile names", { headers: { "": "a", constructor: "b", toString: "c", "x-delivery-count": "many" } }],
    ["with our state broken", { headers: { "waybill-state": "{" } }],
    ["with our state of another kind", { headers: { "waybill-state": 5 } }],
    ["with our state's numbers below all", { headers: { "waybill-state": '{"failures":-1}' } }],
    ["with our key of another kind", { headers: { "waybill-key": { a: 1 } } }],
    ["with our list of headers of another kind", { headers: { "waybill-headers": "a" } }],
    ["with half a pair of headers", { headers: { "waybill-headers": ["a"] } }],
    ["with a note that is none", { headers: { "waybill-note": "{" } }],
    ["with a death of its own", { headers: { "x-death": [{ count: "many", queue: 5 }] } }],
  ])("%s: it comes with its bytes, is tried again and buried, and what follows comes", async (name, options) => {
    await using rig = await rigOn(url);
    const source = sourceOf(name);
    await declared(rig, source);
    const inbox = inboxOf(source);
    await using member = await Member.of(rig, inbox);
    await put(name, noise, options);
    await sent(rig, source, "ours");
    await eventually(() => expect(member.got).toHaveLength(2));
    const theirs = member.got.find(({ id }) => id !== "ours");
    expect(Buffer.from(theirs?.body ?? [])).toEqual(noise);
    expect(theirs?.id).toBe(options.messageId ?? theirs?.id);
    expect(Object.values(theirs?.headers ?? {}).every((value) => typeof value === "string")).toBe(true);
    expect(await member.settle(theirs, retry)).toEqual(["settled"]);
    await eventually(() => expect(member.got).toHaveLength(3));
    expect(member.got[2]).toMatchObject({ id: theirs?.id, failures: 1, headers: theirs?.headers });
    expect(await member.settle(member.got[2], dead)).toEqual(["settled"]);
    const [buried, ...others] = await lettersOf(rig, inbox);
    expect(others).toEqual([]);
    expect(buried?.id).toBe(theirs?.id);
    expect(Buffer.from(buried?.body ?? [])).toEqual(noise);
  });
});
