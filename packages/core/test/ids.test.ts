import { expect, test } from "vitest";
import { idMaker } from "../src/ids.ts";

test("ids are UUIDs of version 8, all different, of different makers too", () => {
  const makers = Array.from({ length: 100 }, idMaker);
  const ids = new Set(makers.flatMap((next) => Array.from({ length: 100 }, next)));
  expect(ids.size).toBe(10_000);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
