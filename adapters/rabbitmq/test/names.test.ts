import { fits } from "@waybill/core";
import { assert, property, string } from "fast-check";
import { describe, expect, test } from "vitest";
import { bindingOf, cardName, inboxBase, readyQueue, routeOf, shardCount, shardOf, topicIn } from "../src/names.ts";

const long = "x".repeat(255);
const many = Array.from({ length: 128 }, () => "a").join(".");

describe("names", () => {
  test("what is long is cut to what AMQP allows, and stays apart", () => {
    const names = [long, `${long.slice(1)}y`, many].flatMap((source) =>
      [long, `${long.slice(1)}y`].map((group) => inboxBase(long, { source, group, isPattern: false })),
    );
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(Buffer.byteLength(readyQueue(name, 31))).toBeLessThan(256);
    for (const source of [long, many, "ключ".repeat(31)]) {
      expect(Buffer.byteLength(routeOf(source, 31))).toBeLessThan(256);
      expect(routeOf(source, 0)).not.toBe(routeOf(`${source}y`, 0));
    }
    expect(cardName(long, long).length).toBeLessThan(40);
  });

  test("a topic, a pattern and a group whose names run together are kept apart", () => {
    const bases = [
      inboxBase("n", { source: "a", group: "b:c", isPattern: false }),
      inboxBase("n", { source: "a:b", group: "c", isPattern: false }),
      inboxBase("n", { source: "a", group: "b", isPattern: true }),
      inboxBase("n:s", { source: "a", group: "b", isPattern: false }),
      inboxBase("n", { source: "s:a", group: "b", isPattern: false }),
    ];
    expect(new Set(bases).size).toBe(bases.length);
  });

  test("a topic stands in its route, as far as it fits there", () => {
    for (const topic of ["order.placed", "a b", "~", "~~x", "é", "*x.#y"])
      expect(topicIn(routeOf(topic, 7))).toBe(topic);
    expect(topicIn(routeOf(long, 0))).toBeUndefined();
  });

  test("a pattern binds to the routes of the topics that it fits, also where a segment is long", () => {
    const segment = "s".repeat(100);
    const topics = [`${segment}.placed`, `${segment}.a.b`, "s.placed", segment];
    for (const pattern of [`${segment}.*`, `${segment}.#`, "*.placed", "#"]) {
      const binding = bindingOf(pattern, "all");
      for (const topic of topics) expect(fits(binding, routeOf(topic, 3))).toBe(fits(pattern, topic));
    }
  });

  test("each key has a shard, and they are spread", () => {
    assert(
      property(string(), (key) => shardOf(key) >= 0 && shardOf(key) < shardCount && shardOf(key) === shardOf(key)),
    );
    const counts = Array.from({ length: shardCount }, () => 0);
    for (let key = 0; key < 8_000; key += 1) {
      const shard = shardOf(`customer-${key}`);
      counts[shard] = (counts[shard] ?? 0) + 1;
    }
    for (const count of counts) expect(count).toBeGreaterThan(800);
    // Never to be changed: messages of a key would be in two places (LAY-2).
    expect(["", "k", "customer-7", "ключ"].map(shardOf)).toMatchInlineSnapshot(`
      [
        4,
        2,
        6,
        4,
      ]
    `);
  });
});
