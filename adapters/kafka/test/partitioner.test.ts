import { Buffer } from "node:buffer";
import { describe, expect, test } from "vitest";
import { murmur2, partitionOf } from "../src/partitioner.ts";

describe("a key", () => {
  // From org.apache.kafka.common.utils.UtilsTest.
  test.each([
    ["21", -973_932_308],
    ["foobar", -790_332_482],
    ["a-little-bit-long-string", -985_981_536],
    ["a-little-bit-longer-string", -1_486_304_829],
    ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971],
    ["abc", 479_470_107],
  ])("%s has the hash that Kafka's own clients give it", (key, hash) => {
    expect(murmur2(Buffer.from(key))).toBe(hash);
  });

  test("lies in the partition that they choose", () => {
    expect(partitionOf(Buffer.from("21"), 8)).toBe((-973_932_308 & 0x7fffffff) % 8);
    expect(partitionOf(Buffer.from("foobar"), 1)).toBe(0);
  });
});
