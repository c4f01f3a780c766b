import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { generateOrders } from "../src/generate.ts";
import type { Malformed } from "../src/read-orders.ts";
import { readOrders } from "../src/read-orders.ts";

const [first = "", second = ""] = generateOrders(2, 1).split("\n");

async function read(
  text: string,
): Promise<{ readonly ids: readonly string[]; readonly malformed: readonly Malformed[] }> {
  const ids: string[] = [];
  const malformed: Malformed[] = [];
  for await (const { orderId } of readOrders(Readable.from([text]), (one) => malformed.push(one))) ids.push(orderId);
  return { ids, malformed };
}

test("reads an order a line, whatever ends it, with or without an end of the last", async () => {
  const both = { ids: ["o-00001", "o-00002"], malformed: [] };
  expect(await read(`${first}\n${second}\n`)).toEqual(both);
  expect(await read(`${first}\r\n${second}`)).toEqual(both);
  expect(await read(`\uFEFF${first}\n\n  \n${second}`)).toEqual(both);
  expect(await read("")).toEqual({ ids: [], malformed: [] });
});

test("names what is no order by its line and what is wrong with it, and goes on", async () => {
  const { orderId, ...nameless } = JSON.parse(first) as { readonly orderId: string };
  const wrong = { orderId, ...nameless, total: -1, email: "nobody" };
  const { ids, malformed } = await read(
    ["{", "[]", JSON.stringify(nameless), JSON.stringify(wrong), "", first].join("\n"),
  );
  expect(ids).toEqual(["o-00001"]);
  expect(malformed).toEqual([
    { line: 1, reason: expect.stringMatching(/^not JSON: /) as string },
    { line: 2, reason: expect.stringMatching(/expected object/) as string },
    { line: 3, reason: expect.stringMatching(/^orderId: .*expected string/) as string },
    { line: 4, reason: expect.stringMatching(/^email: .*; total: .*>0/) as string },
  ]);
});

test("takes an order id only once", async () => {
  const { ids, malformed } = await read([first, second, first].join("\n"));
  expect(ids).toHaveLength(2);
  expect(malformed).toEqual([{ line: 3, reason: 'orderId: "o-00001" stands in line 1 already' }]);
});

test("rejects when the input cannot be read", async () => {
  const input = new Readable({ read: () => undefined });
  const reading = readOrders(input, () => undefined).next();
  input.destroy(new Error("the disk is gone"));
  await expect(reading).rejects.toThrow("the disk is gone");
});
