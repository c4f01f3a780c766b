import { Buffer } from "node:buffer";
import type { Broker } from "@waybill/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
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

const deep = "[".repeat(100_000) + "]".repeat(100_000);
const noise = Buffer.of(0, 255, 254, 13, 10, 0);
const ours = letter("good");

describeRedis("what somebody else wrote by hand", () => {
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

  const add = (key: string, ...fields: readonly (string | Buffer)[]): Promise<unknown> =>
    rig.other.command("XADD", [key, "*", ...fields]);

  const shapes = [
    ["m is no JSON", ["m", "{", "d", "x"], "x"],
    ["m is empty", ["m", "", "d", "x"], "x"],
    ["m is a number", ["m", "7", "d", "x"], "x"],
    ["m is null", ["m", "null", "d", "x"], "x"],
    ["m is an object", ["m", "{}", "d", "x"], "x"],
    ["m is too short", ["m", `["id"]`, "d", "x"], "x"],
    ["m has a key of another kind", ["m", `["id","s",5]`, "d", "x"], "x"],
    ["m has headers that are no texts", ["m", `["id","s",null,{"a":1}]`, "d", "x"], "x"],
    ["m has a priority below all", ["m", `["id","s",null,1,-3]`, "d", "x"], "x"],
    ["m has half a failure", ["m", `["id","s",null,1,0,null,0.5]`, "d", "x"], "x"],
    ["m has endless deliveries", ["m", `["id","s",null,1,0,null,0,1e999]`, "d", "x"], "x"],
    ["m is deep", ["m", deep, "d", "x"], "x"],
    ["m is noise", ["m", noise, "d", noise], noise],
    ["d is missing", ["m", `["id","s"]`], `["id","s"]`],
    ["m is missing", ["d", noise], noise],
    ["they are turned round", ["d", "x", "m", `["id","s"]`], "x"],
    ["something stands before them", ["a", "b", "m", "c", "d", "x"], "x"],
    ["they are others", ["hello", "world"], "world"],
    ["there are many", Array.from({ length: 10_000 }, (_, index) => `f${index}`), "f1"],
  ] as const;

  test.each(shapes)(
    "in a stream, where %s: malformed, with its bytes, and it can be buried",
    async (what, fields, body) => {
      const source = sourceOf(`ready ${what}`);
      await declared(rig, source);
      const inbox = inboxOf(source);
      await using member = await Member.of(rig, inbox);
      await add(`${baseOf(inbox)}/ready0`, ...fields);
      await sent(rig, source, ours);
      await eventually(() => expect(member.got).toHaveLength(2));
      const [bad, good] = member.got;
      expect(bad?.malformed).toBeTypeOf("string");
      expect(Buffer.from(bad?.body ?? []).toString("latin1")).toBe(Buffer.from(body).toString("latin1"));
      expect(good).toMatchObject({ id: "good", malformed: undefined });
      expect(await member.settle(bad, { outcome: "dead", note: { why: "malformed" } })).toEqual(["settled"]);
      expect((await rig.transport.depth(inbox)).dead).toBe(1);
    },
  );

  test("in a stream with more than we write: it is delivered, the rest passed over", async () => {
    const source = sourceOf("more");
    await declared(rig, source);
    await using member = await Member.of(rig, inboxOf(source));
    await add(`${baseOf(inboxOf(source))}/ready0`, "m", `["id","s",null,1,0,null,0,0,5,"more"]`, "d", "x", "e", "y");
    await member.has("id");
    expect(member.got[0]).toMatchObject({ malformed: undefined, source: "s", body: Buffer.from("x") });
  });

  test("under the last of all ids but one: it is put back where it does not fit, and comes then", async () => {
    const source = sourceOf("last id");
    await declared(rig, source);
    const inbox = inboxOf(source);
    const ready = `${baseOf(inbox)}/ready0`;
    const big = Buffer.alloc(600_000);
    for (const [id, name] of [
      ["18446744073709551614-18446744073709551614", "a"],
      ["18446744073709551614-18446744073709551615", "b"],
    ] as const)
      await rig.other.command("XADD", [ready, id, "m", `["${name}","s"]`, "d", big]);
    await using member = await Member.of(rig, inbox);
    await member.has("a");
    expect(await member.settle(member.got[0])).toEqual(["settled"]);
    await member.has("a", "b");
  });

  test.each(shapes)(
    "among what is delayed, where %s: it comes, and so does what was delayed with it",
    async (what, fields, body) => {
      for (const ordered of [false, true]) {
        const source = sourceOf(`later ${ordered} ${what}`, { ordered });
        await declared(rig, source);
        const [inbox, base] = [inboxOf(source), baseOf(inboxOf(source))];
        const id = String(await add(`${base}/later`, ...fields));
        await rig.other.command("ZADD", [`${base}/due`, 5, id, 6, "no id", 7, "9-9"]);
        await sent(rig, source, letter("good", { deliverAt: Date.now() + 20 }));
        await using member = await Member.of(rig, inbox);
        await eventually(() => expect(member.got).toHaveLength(2));
        const bad = member.got.find((one) => one.id !== "good");
        expect(Buffer.from(bad?.body ?? []).toString("latin1")).toBe(Buffer.from(body).toString("latin1"));
        expect(await member.settleAll()).toEqual(["settled", "settled"]);
        expect(await rig.transport.depth(inbox)).toMatchObject({ ready: 0, inFlight: 0, delayed: 0 });
      }
    },
  );

  test("among what is delayed, at a level that is none", async () => {
    const source = sourceOf("levels", { priorities: 2 });
    await declared(rig, source);
    const [inbox, base] = [inboxOf(source), baseOf(inboxOf(source))];
    for (const [index, level] of ["7", "-1", "x", "nan", "0.5", ""].entries()) {
      const id = String(await add(`${base}/later`, "m", `["${index}","s"]`, "d", "", "p", level, "k", "", "h", "1"));
      await rig.other.command("ZADD", [`${base}/due`, index, id]);
    }
    await using member = await Member.of(rig, inbox);
    await member.has("0", "1", "2", "3", "4", "5");
    expect(member.got.filter(({ priority }) => priority > 1)).toEqual([]);
  });

  test.each(shapes)("among the dead letters, where %s: it is shown, redriven and discarded", async (what, fields) => {
    const source = sourceOf(`dead ${what}`);
    await declared(rig, source);
    const [inbox, base] = [inboxOf(source), baseOf(inboxOf(source))];
    for (const _ of [1, 2]) await add(`${base}/dead`, ...fields);
    const seen: (string | undefined)[] = [];
    const verdicts = ["redrive", "discard"] as const;
    const visit = async ({ malformed }: { malformed: string | undefined }): Promise<"redrive" | "discard"> =>
      verdicts[seen.push(malformed) - 1] ?? "discard";
    await rig.transport.walk(inbox, visit, AbortSignal.timeout(5_000));
    expect(seen).toEqual([expect.any(String), expect.any(String)]);
    expect(await rig.transport.depth(inbox)).toMatchObject({ dead: 0, ready: 1 });
    await using member = await Member.of(rig, inbox);
    await eventually(() => expect(member.got).toHaveLength(1));
  });

  test("among what waits for others of its key, and in what sorts it: the rest goes on in order", async () => {
    const source = sourceOf("waiting", { ordered: true });
    await declared(rig, source);
    const [inbox, base] = [inboxOf(source), baseOf(inboxOf(source))];
    await sent(rig, source, ...["1", "2", "3"].map((id) => letter(id, { key: "k" })));
    const id = String(await add(`${base}/waiting`, "hello", "world"));
    await rig.other.command("ZADD", [
      `${base}/index`,
      0,
      `1:k:000000000000001:${id}`,
      0,
      "1:k:0:no id",
      0,
      "no more",
      0,
      "9:k:",
    ]);
    await rig.other.command("HSET", [`${base}/busy`, "odd", "many"]);
    await sent(rig, source, letter("odd", { key: "odd" }));
    await using member = await Member.of(rig, inbox);
    for (const [index, expected] of ["1", "odd", expect.stringContaining("entry-"), "2", "3"].entries()) {
      await eventually(() => expect(member.got.length).toBeGreaterThan(index));
      expect(member.got[index]?.id).toEqual(expected);
      expect(await member.settle(member.got[index])).toEqual(["settled"]);
    }
    await eventually(async () => expect(await rig.other.command("EXISTS", [`${base}/index`, `${base}/busy`])).toBe(0));
  });

  test.each(shapes)("in what a topic keeps, where %s: a replay goes past it", async (what, fields, body) => {
    const source = sourceOf(`log ${what}`, { kind: "topic", retainMs: 3_600_000 });
    await declared(rig, source);
    await add(keyOf(source, "log"), ...fields);
    await sent(rig, source, ours);
    const inbox = inboxOf(source, "g");
    await rig.transport.declare([{ kind: "inbox", inbox, start: { from: "beginning", reset: false } }]);
    await using member = await Member.of(rig, inbox);
    await eventually(() => expect(member.got).toHaveLength(2));
    expect(Buffer.from(member.got[0]?.body ?? []).toString("latin1")).toBe(Buffer.from(body).toString("latin1"));
    expect(member.got[1]?.id).toBe("good");
  });

  test("in what says how a topic and its groups are made", async () => {
    const source = sourceOf("described", { kind: "topic" });
    await declared(rig, source, "g");
    const groups = keyOf(source, "groups");
    await rig.other.command("HSET", [groups, baseOf(inboxOf(source, "g")), "some NaN"]);
    await rig.other.command("HINCRBY", [keyOf(source, "meta"), "version", 1]);
    expect(await sent(rig, source, "1")).toEqual(["stored"]);
    await using member = await Member.of(rig, inboxOf(source, "g"));
    await member.has("1");
    await rig.other.command("HSET", [keyOf(source, "meta"), "shape", "{"]);
    const corrupt = { code: "CORRUPT", message: expect.stringContaining(`"described"`) as unknown };
    await expect(rig.transport.declare([source])).rejects.toMatchObject(corrupt);
    await rig.other.command("HINCRBY", [keyOf(source, "meta"), "version", 1]);
    expect(await sent(rig, source, "2")).toMatchObject([{ outcome: "refused", error: corrupt }]);
  });
});
