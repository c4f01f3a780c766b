import { Command } from "ioredis";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Packet } from "../src/packet.ts";

const text = fc.string({ unit: "binary", maxLength: 20 });
const bytes = fc.uint8Array({ maxLength: 20 });
const number = fc.maxSafeInteger();

test("is written as ioredis writes it, whatever it holds", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(text, bytes, number)), (args) => {
      const buffers = args.map((one) => (typeof one === "object" ? Buffer.from(one) : one));
      const other = new Command("EVAL", buffers).toWritable(process.stdout);
      expect(Buffer.from(new Packet("EVAL", args).toWritable())).toEqual(Buffer.from(other));
    }),
  );
});

test("keeps no argument where an error could show it", () => {
  expect(new Packet("AUTH", ["sesame"]).args).toEqual([]);
});
