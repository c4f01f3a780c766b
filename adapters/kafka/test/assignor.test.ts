import { array, assert, boolean, integer, property, record } from "fast-check";
import { describe, expect, test } from "vitest";
import { type Claimant, keyOf, sharesOf, type Unit } from "../src/assignor.ts";
import type { Partition, Share } from "../src/driver.ts";

function unitsOf(topic: string, count: number): readonly Unit[] {
  return Array.from({ length: count }, (_, partition) => ({ partitions: [{ topic, partition }] }));
}

function claimants(...owned: readonly (readonly Partition[])[]): readonly Claimant[] {
  return owned.map((mine, index) => ({ id: `m${index}`, generation: 1, owned: mine, isFull: false }));
}

function keysOf(shares: readonly Share[]): readonly string[] {
  return shares.flatMap(({ partitions }) => partitions.map(keyOf));
}

/** Rounds until nobody has to let go of anything. */
function settled(lists: readonly (readonly Unit[])[], members: readonly Claimant[]): readonly Share[] {
  let shares = sharesOf(lists, members);
  for (let round = 0; round < 3; round += 1) {
    const owned = new Map(shares.map(({ id, partitions }) => [id, partitions]));
    shares = sharesOf(
      lists,
      members.map((member) => ({ ...member, generation: round + 2, owned: owned.get(member.id) ?? [] })),
    );
  }
  return shares;
}

describe("what is shared out", () => {
  test("is all of it, evenly, after what has to move has moved", () => {
    assert(
      property(integer({ min: 1, max: 30 }), integer({ min: 1, max: 7 }), (count, members) => {
        const shares = settled([unitsOf("a", count)], claimants(...Array.from({ length: members }, () => [])));
        expect(new Set(keysOf(shares)).size).toBe(count);
        const sizes = shares.map(({ partitions }) => partitions.length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test("is given to nobody while another has it, and never to two", () => {
    const member = record({
      owned: array(integer({ min: 0, max: 9 })),
      isFull: boolean(),
      generation: integer({ min: 0, max: 3 }),
    });
    assert(
      property(array(member, { minLength: 1, maxLength: 5 }), (members) => {
        const all = members.map(({ owned, ...rest }, index) => ({
          ...rest,
          id: `m${index}`,
          owned: owned.map((partition) => ({ topic: "a", partition })),
        }));
        const shares = sharesOf([unitsOf("a", 10)], all);
        const keys = keysOf(shares);
        expect(new Set(keys).size).toBe(keys.length);
        for (const { id, partitions } of shares)
          for (const partition of partitions.map(keyOf)) {
            const owners = all.filter(({ owned }) => owned.map(keyOf).includes(partition));
            const latest = Math.max(...owners.map(({ generation }) => generation));
            const isFree = owners.length === 0;
            expect(isFree || owners.find((one) => one.id === id)?.generation === latest).toBe(true);
          }
      }),
    );
  });

  test("stays where it is while that is fair", () => {
    const units = unitsOf("a", 4);
    const [first = [], second = []] = [units.slice(0, 2), units.slice(2)].map((some) =>
      some.flatMap(({ partitions }) => partitions),
    );
    const shares = sharesOf([units], claimants(second, first));
    expect(shares.map(({ partitions }) => partitions)).toEqual([second, first]);
  });

  test("goes to those that have room, if some have", () => {
    const [one, other] = claimants([], []);
    if (one === undefined || other === undefined) throw new Error("there are two");
    const shares = settled([unitsOf("a", 3)], [{ ...one, isFull: true }, other]);
    expect(shares.map(({ partitions }) => partitions.length)).toEqual([0, 3]);
    const full = settled(
      [unitsOf("a", 4)],
      [one, other].map((member) => ({ ...member, isFull: true })),
    );
    expect(full.map(({ partitions }) => partitions.length)).toEqual([2, 2]);
  });
});
