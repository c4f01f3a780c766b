import fc from "fast-check";
import { expect, test } from "vitest";
import { Roster } from "../src/roster.ts";

test("holds what a Set would hold", () => {
  const step = fc.record({ add: fc.boolean(), which: fc.nat(9) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const items = Array.from({ length: 10 }, (_, name) => ({ name, place: -1 }));
      const roster = new Roster<(typeof items)[number]>();
      const expected = new Set<(typeof items)[number]>();
      for (const { add, which } of steps) {
        const item = items[which] as (typeof items)[number];
        const differ = add ? false : roster.delete(item) !== expected.delete(item);
        if (add && !expected.has(item)) {
          roster.add(item);
          expected.add(item);
        }
        expect(differ).toBe(false);
        expect(roster.size).toBe(expected.size);
        expect(new Set(roster.all())).toEqual(expected);
        expect(items.filter(({ place }) => place >= 0)).toHaveLength(expected.size);
      }
    }),
  );
});
