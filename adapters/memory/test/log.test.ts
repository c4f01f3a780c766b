import { expect, test } from "vitest";
import { Log } from "../src/log.ts";
import { wire } from "./support.ts";

test("it keeps what is young enough, however much has passed through", () => {
  const log = new Log(100);
  for (let now = 0; now <= 5_000; now += 10) log.append(wire(`m${now}`), now);
  expect(log.since(-Infinity, 5_000).map(({ storedAt }) => storedAt)).toEqual(
    Array.from({ length: 11 }, (_, index) => 4_900 + index * 10),
  );
  expect(log.since(4_985, 5_000).map(({ storedAt }) => storedAt)).toEqual([4_990, 5_000]);
  expect(log.since(-Infinity, 5_095).map(({ message }) => message.id)).toEqual(["m5000"]);
  expect(log.since(-Infinity, 6_000)).toEqual([]);
});

test("without a retention it keeps nothing", () => {
  const log = new Log(0);
  log.append(wire("m"), 1);
  expect(log.since(-Infinity, 1)).toEqual([]);
});
