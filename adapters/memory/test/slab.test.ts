import fc from "fast-check";
import { expect, test } from "vitest";
import { copies } from "../src/slab.ts";

test("copies are what the originals were, and share nothing with them nor with each other", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 }), (bodies) => {
      const before = bodies.map((body) => [...body]);
      const copied = copies(bodies);
      for (const body of bodies) body.fill(0xff);
      expect(copied.map((body) => [...body])).toEqual(before);
      for (const [index, body] of copied.entries()) {
        body.fill(7);
        expect(copied.slice(index + 1).map((later) => [...later])).toEqual(before.slice(index + 1));
      }
    }),
  );
});
