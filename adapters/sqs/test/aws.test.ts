import { Buffer } from "node:buffer";
import { inspect } from "node:util";
import type { Delivery, SendResult } from "@waybill/core";
import { orSkip, startBroker } from "@waybill/testing";
import { afterAll, describe, expect, test } from "vitest";
import { AwsProxy, failing, losing, refusing } from "@waybill/test-servers";
import { eventually, inboxOf, letter, Member, rigOn, soon, sourceOf } from "./rig.ts";

const broker = await orSkip(startBroker("sqs", { sources: ["native"], server: "fauxqs", keeps: false }));
test.skipIf(broker === undefined)("there is a server", () => expect(broker).toBeDefined());
afterAll(() => broker?.stop());
const url = broker?.url ?? "";

function errorsOf(results: readonly SendResult[]): readonly (string | undefined)[] {
  return results.map((result) => (result === "stored" ? undefined : `${result.outcome} ${result.error.code}`));
}

const range = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

describe.skipIf(broker === undefined)("what AWS does and no emulator", () => {
  test("some of a batch fail inside of a 200: exactly these are named, the rest is stored (PUB-3)", async () => {
    await using proxy = await AwsProxy.before(url);
    await using rig = await rigOn(proxy.url);
    const queue = sourceOf("partial");
    await rig.transport.declare([queue]);
    proxy.next(
      "SendMessageBatch",
      failing((_, index) => index % 3 === 0, { Code: "InternalError", SenderFault: false }),
    );
    const results = await rig.transport.send(
      queue,
      range(10).map((n) => letter(`m${n}`)),
      soon(),
    );
    const failed = "refused UNAVAILABLE";
    const _ = undefined;
    expect(errorsOf(results)).toEqual([failed, _, _, failed, _, _, failed, _, _, failed]);
    await using member = await Member.of(rig, inboxOf(queue));
    await member.hasSome(6);
    expect(member.ids.toSorted()).toEqual(["m1", "m2", "m4", "m5", "m7", "m8"]);
  });

  test("one of a key fails: nothing later of its key is stored before it (PUB-8)", async () => {
    await using proxy = await AwsProxy.before(url);
    await using rig = await rigOn(proxy.url);
    const queue = sourceOf("partial-order", { ordered: true });
    await rig.transport.declare([queue]);
    let isFirst = true;
    proxy.rule((asked) => {
      if (asked.action !== "SendMessageBatch") return undefined;
      const entries = asked.body["Entries"] as readonly { readonly MessageDeduplicationId: string }[];
      if (!isFirst || !entries.some((entry) => entry.MessageDeduplicationId === "im2")) return undefined;
      isFirst = false;
      const isIt = (entry: Readonly<Record<string, unknown>>): boolean => entry["MessageDeduplicationId"] === "im2";
      return failing(isIt, { Code: "InternalError", SenderFault: false })(asked);
    });
    const messages = range(8).map((n) => letter(`m${n}`, { key: n % 2 === 0 ? "even" : "odd" }));
    const results = await rig.transport.send(queue, messages, soon());
    expect(results.map((result) => result === "stored")).toEqual([true, true, false, true, false, true, false, true]);
    const again = await rig.transport.send(
      queue,
      messages.filter((__, index) => results[index] !== "stored"),
      soon(),
    );
    expect(again).toEqual(["stored", "stored", "stored"]);
    await using member = await Member.of(rig, inboxOf(queue));
    await eventually(async () => {
      await member.settleAll();
      if (member.got.length < 8) throw new Error("not all");
    });
    const evens = member.ids.filter((id) => Number(id.slice(1)) % 2 === 0);
    expect(evens).toEqual(["m0", "m2", "m4", "m6"]);
  });

  test("throttled, all wait together, and it is told once", async () => {
    await using proxy = await AwsProxy.before(url);
    await using rig = await rigOn(proxy.url, {}, { backoff: () => 300 });
    const queue = sourceOf("throttled");
    await rig.transport.declare([queue]);
    proxy.next("SendMessageBatch", refusing("ThrottlingException"), 1);
    const [first] = await rig.transport.send(queue, [letter("a")], soon());
    expect(errorsOf([first ?? "stored"])).toEqual(["refused UNAVAILABLE"]);
    const at = performance.now();
    const results = await Promise.all(range(5).map((n) => rig.transport.send(queue, [letter(`b${n}`)], soon())));
    expect(results.flat()).toEqual(range(5).map(() => "stored"));
    expect(performance.now() - at).toBeGreaterThan(200);
    expect(rig.reports.map(({ kind }) => kind)).toEqual(["throttled"]);
  });

  test("the reply to a deletion is lost: it is settled again, and does not come back (ACK-1)", async () => {
    await using proxy = await AwsProxy.before(url);
    await using rig = await rigOn(proxy.url);
    const queue = sourceOf("lost-reply");
    await rig.transport.declare([queue]);
    await rig.transport.send(queue, [letter("a")], soon());
    await using member = await Member.of(rig, inboxOf(queue));
    await member.hasSome(1);
    proxy.next("DeleteMessageBatch", losing);
    const [delivery] = member.got;
    if (delivery === undefined) throw new Error("nothing was delivered");
    const ack = { delivery, outcome: "ack", sends: [] } as const;
    expect(await member.receiver.settle([ack])).toMatchObject([{ code: "UNAVAILABLE" }]);
    expect(["settled", "lost"]).toContain((await member.receiver.settle([ack]))[0]);
    const { ready, inFlight } = await rig.transport.depth(inboxOf(queue));
    expect([ready, inFlight]).toEqual([0, 0]);
  });

  test("what failed is copied once, though its deletion has to be tried again (DLQ-1)", async () => {
    await using proxy = await AwsProxy.before(url);
    await using rig = await rigOn(proxy.url);
    const queue = sourceOf("copied");
    await rig.transport.declare([queue]);
    await rig.transport.send(queue, [letter("a")], soon());
    await using member = await Member.of(rig, inboxOf(queue));
    await member.hasSome(1);
    proxy.next("DeleteMessageBatch", refusing("InternalError", 500), 2);
    const [delivery] = member.got;
    if (delivery === undefined) throw new Error("nothing was delivered");
    const settle = (): Promise<unknown> => member.receiver.settle([{ delivery, outcome: "dead", note: {} }]);
    expect(await settle()).toMatchObject([{ code: "UNAVAILABLE" }]);
    expect(await settle()).toMatchObject([{ code: "UNAVAILABLE" }]);
    expect(await settle()).toEqual(["settled"]);
    expect((await rig.transport.depth(inboxOf(queue))).dead).toBe(1);
  });

  test("the reply to a publish is lost: sent again to a FIFO queue it is there once", async () => {
    await using proxy = await AwsProxy.before(url);
    await using rig = await rigOn(proxy.url);
    const queue = sourceOf("lost-publish", { ordered: true });
    await rig.transport.declare([queue]);
    proxy.next("SendMessageBatch", losing);
    expect(errorsOf(await rig.transport.send(queue, [letter("a")], soon()))).toEqual(["unknown UNAVAILABLE"]);
    expect(await rig.transport.send(queue, [letter("a")], soon())).toEqual(["stored"]);
    expect((await rig.transport.depth(inboxOf(queue))).ready).toBe(1);
  });

  test("some of a deletion fail inside of a 200: these alone are still ours, and settled again", async () => {
    await using proxy = await AwsProxy.before(url);
    await using rig = await rigOn(proxy.url);
    const queue = sourceOf("partial-acks");
    await rig.transport.declare([queue]);
    await rig.transport.send(
      queue,
      range(10).map((n) => letter(`m${n}`)),
      soon(),
    );
    await using member = await Member.of(rig, inboxOf(queue));
    await member.hasSome(10);
    proxy.next(
      "DeleteMessageBatch",
      failing((_, index) => index === 4, { Code: "InternalError", SenderFault: false }),
    );
    const results = await member.settleAll();
    expect(results.filter((result) => result === "settled")).toHaveLength(9);
    expect(results[4]).toMatchObject({ code: "UNAVAILABLE" });
    const failed = member.got.splice(0).filter((_, index) => results[index] !== "settled");
    member.got.push(...failed);
    expect(await member.settleAll()).toEqual(["settled"]);
    const { ready, inFlight } = await rig.transport.depth(inboxOf(queue));
    expect([ready, inFlight]).toEqual([0, 0]);
  });

  test.each([
    ["fewer", "0"],
    ["more", "7"],
  ])(
    "a depth that is stale and says %s: a listing shows all the same what is there, and ends (DLQ-5)",
    async (_, count) => {
      await using proxy = await AwsProxy.before(url);
      await using rig = await rigOn(proxy.url);
      const queue = sourceOf(`stale-${count}`);
      await rig.transport.declare([queue]);
      await rig.transport.send(
        queue,
        range(3).map((n) => letter(`m${n}`)),
        soon(),
      );
      await using member = await Member.of(rig, inboxOf(queue));
      await member.hasSome(3);
      await member.receiver.settle(member.got.map((delivery) => ({ delivery, outcome: "dead", note: {} })));
      proxy.rule(({ action, pass }) => {
        if (action !== "GetQueueAttributes") return undefined;
        return pass().then(({ status, body }) => {
          const there = body["Attributes"] as Readonly<Record<string, string>>;
          const stale = { ApproximateNumberOfMessages: count, ApproximateNumberOfMessagesNotVisible: "0" };
          return { status, body: { Attributes: { ...there, ...stale } } };
        });
      });
      const shown: string[] = [];
      const visit = async ({ id }: Delivery): Promise<"keep"> => {
        shown.push(id);
        return "keep";
      };
      await rig.transport.walk(inboxOf(queue), visit, new AbortController().signal);
      expect(shown.toSorted()).toEqual(["m0", "m1", "m2"]);
    },
  );

  test("a message comes twice: both settle, each by its own handle", async () => {
    await using proxy = await AwsProxy.before(url);
    await using rig = await rigOn(proxy.url);
    const queue = sourceOf("twice");
    await rig.transport.declare([queue]);
    await rig.transport.send(queue, [letter("a")], soon());
    proxy.next("ReceiveMessage", async ({ pass }) => {
      const answer = await pass();
      const [one] = answer.body["Messages"] as readonly object[];
      return { ...answer, body: { Messages: [one, { ...one }] } };
    });
    await using member = await Member.of(rig, inboxOf(queue));
    await member.hasSome(2);
    expect(member.ids).toEqual(["a", "a"]);
    for (const result of await member.settleAll()) expect(["settled", "lost"]).toContain(result);
  });
});

describe.skipIf(broker === undefined)("what is there", () => {
  test("a queue that is deleted under its consumer ends it, and says so", async () => {
    await using rig = await rigOn(url);
    const queue = sourceOf("deleted");
    await rig.transport.declare([queue]);
    await using member = await Member.of(rig, inboxOf(queue));
    await rig.transport.remove(queue);
    await expect(member.receiver.ended).rejects.toMatchObject({ code: "MISSING" });
    expect(rig.reports.map(({ kind }) => kind)).toContain("position-lost");
    expect(errorsOf(await rig.transport.send(queue, [letter("a")], soon()))).toEqual(["refused NO_ROUTE"]);
  });

  test("a name that was deleted less than a minute ago is waited for by whoever asked", async () => {
    await using proxy = await AwsProxy.before(url);
    await using rig = await rigOn(proxy.url);
    proxy.next("CreateQueue", refusing("AWS.SimpleQueueService.QueueDeletedRecently"));
    await expect(rig.transport.declare([sourceOf("again")])).rejects.toThrow(/60 seconds/);
    await rig.transport.declare([sourceOf("again")]);
  });

  test("a queue with other attributes is refused, and each is named (LAY-1)", async () => {
    const namespace = `t-${Math.random()}`;
    await using rig = await rigOn(url, {}, { namespace });
    await rig.transport.declare([sourceOf("other")]);
    await using young = await rigOn(url, { retentionMs: 60_000 }, { namespace });
    const error: unknown = await young.transport.declare([sourceOf("other")]).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "TOPOLOGY_MISMATCH" });
    expect(String(error)).toMatch(/MessageRetentionPeriod is 1209600, asked for is 60/);
  });

  test("a message over 1 MiB is refused with what to do, and the rest of its batch is stored (PUB-5)", async () => {
    await using rig = await rigOn(url);
    const queue = sourceOf("large");
    await rig.transport.declare([queue]);
    const large = letter("large", { body: Buffer.alloc(2 ** 20 + 1, "x") });
    const results = await rig.transport.send(queue, [letter("a"), large, letter("b")], soon());
    expect(errorsOf(results)).toEqual([undefined, "refused TOO_LARGE", undefined]);
    expect(inspect(results[1])).toContain("S3");
  });

  test("a handle that is over settles nothing (ACK-4)", async () => {
    await using rig = await rigOn(url);
    const queue = sourceOf("expired");
    await rig.transport.declare([queue]);
    await rig.transport.send(queue, [letter("a")], soon());
    await using proxy = await AwsProxy.before(url);
    proxy.rule(({ action }) => (action === "ChangeMessageVisibilityBatch" ? Promise.resolve("lost") : undefined));
    await using deaf = await rigOn(proxy.url, { requestTimeoutMs: 500 }, { namespace: "expired" });
    await deaf.transport.declare([queue]);
    await deaf.transport.send(queue, [letter("b")], soon());
    await using member = await Member.of(deaf, inboxOf(queue), 1);
    await member.hasSome(1);
    await eventually(() => {
      if (member.lost.length === 0) throw new Error("its lease is not over");
    });
    const [delivery] = member.lost;
    if (delivery === undefined) throw new Error("nothing was lost");
    expect(await member.receiver.settle([{ delivery, outcome: "ack", sends: [] }])).toEqual(["lost"]);
  });

  test("an idle subscription has one poll under way at a time", async () => {
    await using proxy = await AwsProxy.before(url);
    await using rig = await rigOn(proxy.url);
    const queue = sourceOf("idle");
    await rig.transport.declare([queue]);
    let [polls, most] = [0, 0];
    proxy.rule(({ action, pass }) => {
      if (action !== "ReceiveMessage") return undefined;
      polls += 1;
      most = Math.max(most, polls);
      return pass().finally(() => void (polls -= 1));
    });
    await using member = await Member.of(rig, inboxOf(queue));
    await eventually(() => {
      if (proxy.asked.filter((action) => action === "ReceiveMessage").length < 3) throw new Error("not yet");
    });
    expect([most, member.got.length]).toEqual([1, 0]);
  });
});
