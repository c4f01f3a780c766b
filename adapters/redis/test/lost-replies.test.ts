import { Buffer } from "node:buffer";
import { once } from "node:events";
import { connect } from "node:net";
import { type Broker, faultProxy, type FaultProxy } from "@waybill/testing";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import {
  baseOf,
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

const later = Date.now() + 3_600_000;

describeRedis("a reply that is lost", () => {
  let server: Broker;
  let proxy: FaultProxy;
  let rig: Rig;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    proxy = await faultProxy({ to: server.url });
    rig = await rigOn(proxy.url(server.url), { leaseMs: 5_000 }, server.url);
  });
  afterEach(async () => {
    await rig[Symbol.asyncDispose]();
    await proxy[Symbol.asyncDispose]();
  });

  const lengthOf = async (key: string): Promise<number> => Number(await rig.other.command("XLEN", [key]));

  test.each([
    ["plain", {}],
    ["delayed", { deliverAt: later }],
    ["with a key", { key: "k" }],
  ])("to what is published, %s: it is stored once for each group and once to be kept", async (what, more) => {
    const shape = { kind: "topic", ordered: "key" in more, retainMs: 3_600_000 } as const;
    const source = sourceOf(`published ${what}`, shape);
    await declared(rig, source, "a", "b");
    for (const id of ["first lost", "second lost"]) {
      const dropped = proxy.dropReply({ when: id });
      expect(await sent(rig, source, letter(id, more))).toEqual(["stored"]);
      expect(await dropped).toBe(true);
    }
    for (const group of ["a", "b"]) {
      const { ready = 0, delayed = 0 } = await rig.transport.depth(inboxOf(source, group));
      expect(ready + delayed).toBe(2);
    }
    expect(await lengthOf(keyOf(source, "log"))).toBe(2);
  });

  test("to many that are published at once: each is stored once", async () => {
    const source = sourceOf("many");
    await declared(rig, source);
    await sent(rig, source, "warm");
    const dropped = proxy.dropReply({ when: "no 7" });
    const batches = Array.from({ length: 8 }, (_, index) => letter(`no ${index}`));
    const results = await Promise.all(batches.map((message) => sent(rig, source, message)));
    expect(results.flat()).toEqual(batches.map(() => "stored"));
    expect(await dropped).toBe(true);
    expect(await lengthOf(`${baseOf(inboxOf(source))}/ready0`)).toBe(9);
  });

  test.each([
    ["ack", { outcome: "ack", sends: [] }, [0, 0, 0]],
    ["retry", retry, [2, 0, 0]],
    ["delayed retry", { ...retry, delayMs: 3_600_000 }, [0, 2, 0]],
    ["release", { outcome: "release" }, [2, 0, 0]],
    ["burial", dead, [0, 0, 2]],
  ] as const)("to the %s of a message: it has happened once, and is said to have", async (what, how, depth) => {
    const source = sourceOf(`settled by ${what}`);
    await declared(rig, source);
    const inbox = inboxOf(source);
    await using member = await Member.of(rig, inbox, 2);
    await sent(rig, source, "a", "b");
    await member.has("a", "b");
    await member.receiver.resize({ window: 0, bytes: 1, settle: "after" });
    for (const delivery of member.got) {
      const dropped = proxy.dropReply({ when: delivery.id === "a" ? "EVAL" : "/calls/" });
      expect(await member.settle(delivery, how)).toEqual(["settled"]);
      expect(await dropped).toBe(true);
    }
    const { ready, delayed, dead: buried, inFlight } = await rig.transport.depth(inbox);
    expect([ready, delayed, buried]).toEqual(depth);
    expect(inFlight).toBe(0);
  });

  test("to an ack that sends: what it sends is there once", async () => {
    const [source, target] = [sourceOf("cause"), sourceOf("effect")];
    await declared(rig, source);
    await declared(rig, target);
    await using member = await Member.of(rig, inboxOf(source));
    await sent(rig, source, "a");
    await member.has("a");
    const dropped = proxy.dropReply({ when: "effect of a" });
    expect(await member.settle(member.got[0], { outcome: "ack", sends: [[target, letter("effect of a")]] })).toEqual([
      "settled",
    ]);
    expect(await dropped).toBe(true);
    expect(await lengthOf(`${baseOf(inboxOf(target))}/ready0`)).toBe(1);
  });

  test("that brings messages: they come with the next connection", async () => {
    const source = sourceOf("reading");
    await declared(rig, source);
    const inbox = inboxOf(source);
    await using member = await Member.of(rig, inbox);
    for (const id of ["a", "b", "c"]) {
      proxy.toClient.when({ text: `body of ${id}` }, (connection) => connection.cut());
      await sent(rig, source, id);
      await eventually(() => expect(member.ids).toContain(id));
    }
    await member.has("a", "b", "c");
    expect(member.lost).toEqual([]);
    expect(await member.settleAll()).toEqual(member.got.map(() => "settled"));
    expect(await rig.transport.depth(inbox)).toMatchObject({ ready: 0, inFlight: 0 });
  });

  test("and its request, which comes a second time when all is over: nothing is stored again", async () => {
    const source = sourceOf("straggler");
    await declared(rig, source);
    await sent(rig, source, "warm");
    const chunks: Buffer[] = [];
    proxy.toServer.rewrite((chunk) => {
      if (chunk.includes("straggler id")) chunks.push(chunk);
      return chunk;
    });
    expect(await sent(rig, source, "straggler id")).toEqual(["stored"]);
    expect(String(await replyTo(server.url, Buffer.concat(chunks)))).toMatch(/ok/);
    expect(await sent(rig, source, "next")).toEqual(["stored"]);
    expect(String(await replyTo(server.url, Buffer.concat(chunks)))).toMatch(/^-.*a later call has this slot/);
    expect(await lengthOf(`${baseOf(inboxOf(source))}/ready0`)).toBe(3);
  });
});

/** What the server says first to these bytes. */
async function replyTo(url: string, request: Buffer): Promise<Buffer> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write(request);
  const [reply] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  return reply;
}
