import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { topic } from "@waybill/core";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { emails, orders, place } from "../support.ts";

const order = (orderId: string): string => JSON.stringify({ orderId, total: 1 });

test("publishes to what is there, whatever its layout, with key and headers", async () => {
  const { bus, run } = await place();
  const seen: unknown[] = [];
  await bus.subscribe(orders, { group: "billing" }, ({ key, headers, data, source }) => {
    seen.push({ key, headers, data, source });
  });
  const { code, stdout } = await run("publish", "order.placed", order("o-1"), "--key", "c-7", "--header", "region=a=b");
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^published 1 message, [\w-]{36}\n$/) as unknown,
  });
  await expect.poll(() => seen).toHaveLength(1);
  expect(seen[0]).toEqual({
    key: "c-7",
    headers: { region: "a=b" },
    data: { orderId: "o-1", total: 1 },
    source: "waybill-cli",
  });
});

test("makes no topic that is not there, unless it is told to", async () => {
  const { bus, run } = await place();
  const refused = await run("publish", "new.topic", "1");
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/^waybill: .*"new\.topic" is not there.*; --create makes it\n$/);
  expect(await run("publish", "new.topic", "1", "--create", "--ordered")).toMatchObject({ code: 2 });
  expect(await run("publish", "new.topic", "1", "--create", "--ordered", "--key", "k")).toMatchObject({ code: 0 });
  const made = topic("new.topic", { schema: z.unknown(), key: () => "k", ordered: true });
  await expect(bus.inbox(made, "g").stats()).resolves.toMatchObject({ ready: 0 });
});

test("sends to a queue, later if that is asked for", async () => {
  const { bus, json } = await place();
  await bus.inbox(emails).stats();
  expect(await json("publish", "--queue", "email.send", `{"to":"a"}`, `{"to":"b"}`, "--delay", "1h")).toEqual([
    { outcome: "stored", operand: 1, id: expect.any(String) as unknown },
    { outcome: "stored", operand: 2, id: expect.any(String) as unknown },
  ]);
  expect(await bus.inbox(emails).stats()).toMatchObject({ ready: 0, delayed: 2 });
});

describe("NDJSON", () => {
  const lines = [order("o-1"), "", "{oops", order("o-2"), `{"total":3}`, order("o-3")].join("\n");

  test("a bad line is named by its number, the rest goes on, and the exit code is 2", async () => {
    const { bus, folder, run } = await place();
    await writeFile(join(folder, "orders.ndjson"), `\uFEFF${lines}`);
    const inbox = bus.inbox(orders, "billing");
    await inbox.stats();
    const { code, stdout, stderr } = await run(
      "publish",
      "order.placed",
      "--file",
      "orders.ndjson",
      "--key-of",
      "orderId",
    );
    expect(code).toBe(2);
    expect(stdout).toBe("published 3 messages, 2 invalid\n");
    expect(stderr).toMatch(
      /^waybill: line 3: not JSON: .*\nwaybill: line 5: .*the data has no "orderId" that could be its key/,
    );
    expect(await inbox.stats()).toMatchObject({ ready: 3 });
  });

  test("is read from standard input as it comes, each message published at once", async () => {
    const { bus, start } = await place();
    const inbox = bus.inbox(emails);
    await inbox.stats();
    const running = start("publish", "--queue", "email.send", "-", "--json");
    running.type(`{"to":"a"}\nnull,\n`);
    const { code, stdout } = await running.ended;
    expect(code).toBe(2);
    expect(
      stdout
        .trim()
        .split("\n")
        .map((line) => (JSON.parse(line) as { outcome: string }).outcome)
        .toSorted(),
    ).toEqual(["invalid", "stored"]);
    expect(await inbox.stats()).toMatchObject({ ready: 1 });
  });

  test("thousands of lines are all stored, each key's in their order", async () => {
    const { bus, folder, run } = await place();
    const many = topic("many", { schema: z.object({ n: z.number() }), key: () => "one" });
    await bus.inbox(many, "g").stats();
    const all = Array.from({ length: 3_000 }, (_, n) => n);
    await writeFile(join(folder, "n.ndjson"), all.map((n) => JSON.stringify({ n })).join("\n"));
    const sum = { code: 0, stdout: "published 3000 messages\n" };
    expect(await run("publish", "many", "--file", "n.ndjson", "--key", "one")).toMatchObject(sum);
    const seen: number[] = [];
    await bus.subscribe(many, { group: "g", concurrency: 1 }, ({ data }) => void seen.push(data.n));
    await expect.poll(() => seen.length, { timeout: 20_000 }).toBe(all.length);
    expect(seen).toEqual(all);
  });
});

test.each([
  [["publish"], "give a topic, or --queue <name>"],
  [["publish", "order.placed"], "give data as JSON, --file <file>, or - for standard input"],
  [["publish", "order.placed", "1", "--file", "x"], "give data or --file, not both"],
  [["publish", "order.placed", "--file", "none"], "--file none cannot be read; correct the path"],
  [["publish", "order.placed", "1"], `"order.placed" is ordered; give --key or --key-of`],
  [["publish", "order.placed", "1", "--key", "a", "--key-of", "b"], "give --key or --key-of, not both"],
  [["publish", "order.placed", "1", "--header", "x"], `--header "x" is no header; write name=value`],
  [["publish", "order.#", "1"], `"order.#" is a pattern; name one topic`],
])("%j is refused: %s", async (args, says) => {
  const { bus, run } = await place();
  await bus.inbox(orders, "billing").stats();
  expect(await run(...args)).toEqual({ code: 2, stdout: "", stderr: `waybill: ${says}\n` });
});
