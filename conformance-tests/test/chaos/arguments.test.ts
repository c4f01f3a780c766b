import { expect, test } from "vitest";
import { parseChaos } from "../../src/chaos/arguments.ts";

test("without arguments it is a minute of all faults on SQLite", () => {
  expect(parseChaos([])).toMatchObject({
    url: undefined,
    module: "@waybill/sqlite",
    minutes: 1,
    strikes: Infinity,
    faults: ["kill", "pause"],
  });
});

test("reads what it is given, and the module from the URL", () => {
  const args = "--url redis://localhost --minutes 0.5 --strikes 50 --faults kill --seed 7 --lease 300 --json h.json";
  expect(parseChaos(args.split(" "))).toEqual({
    url: "redis://localhost",
    module: "@waybill/redis",
    minutes: 0.5,
    strikes: 50,
    faults: ["kill"],
    seed: 7,
    leaseMs: 300,
    json: "h.json",
    judge: undefined,
  });
});

test.each([
  [["--faults", "kill,flood"], /no fault "flood"; known are kill, pause/],
  [["--minutes", "0"], /--minutes is "0"/],
  [["--seed", "x"], /--seed is "x"/],
  [["--kills", "5"], /--kills/],
])("%j is refused", (args, message) => {
  expect(() => parseChaos(args)).toThrow(message);
});
