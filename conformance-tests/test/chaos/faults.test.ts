import { expect, test } from "vitest";
import { faultsOf } from "../../src/chaos/faults.ts";

test("links fail only where there are some, and only a server of ours is killed", () => {
  expect(faultsOf({ links: false, broker: false })).toEqual(["kill", "pause"]);
  expect(faultsOf({ links: true, broker: false })).toEqual(["kill", "pause", "cut", "drop-reply", "blackhole"]);
  expect(faultsOf({ links: true, broker: true })).toContain("restart");
});
