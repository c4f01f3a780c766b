import { resolve } from "node:path";
import { expect, test } from "vitest";
import { settingsOf } from "../src/url.ts";
import { thrownBy } from "@waybill/test-servers";

test.each([
  ["sqlite:./waybill.db", resolve("waybill.db")],
  ["sqlite:waybill.db", resolve("waybill.db")],
  ["sqlite:../up/waybill.db", resolve("../up/waybill.db")],
  ["sqlite:/var/lib/waybill.db", "/var/lib/waybill.db"],
  ["sqlite:///var/lib/waybill.db", "/var/lib/waybill.db"],
  ["sqlite:/with%20a%20space/%23%3F%25.db", "/with a space/#?%.db"],
  ["sqlite:/\u{1f4e6}/ünïcödé.db", "/\u{1f4e6}/ünïcödé.db"],
])("%s is the file %s", (url, file) => {
  expect(settingsOf(new URL(url), undefined)).toEqual({ file, leaseMs: 30_000, maxPages: undefined });
});

test("the URL goes before the options", () => {
  const options = { leaseMs: 1_000, maxPages: 7 };
  expect(settingsOf(new URL("sqlite:/w.db"), options)).toMatchObject(options);
  expect(settingsOf(new URL("sqlite:/w.db?leaseMs=500"), options)).toMatchObject({ leaseMs: 500, maxPages: 7 });
});

test.each([
  ["sqlite:", "needs the path of a file"],
  ["sqlite:/some/directory/", "needs the path of a file"],
  ["sqlite::memory:", 'use the carrier "memory:"'],
  ["sqlite://host/waybill.db", "write sqlite:./host/waybill.db or sqlite:///absolute/path"],
  ["sqlite:/waybill#1.db", "is written %23"],
  ["sqlite:/100%.db", "write % as %25"],
  ["sqlite:/nul%00.db", "no NUL"],
  ["sqlite:/w.db?lease=5", 'knows no setting "lease"; did you mean "leaseMs"? known are leaseMs and maxPages'],
  ["sqlite:/w.db?maxpage=5", 'did you mean "maxPages"?'],
  ["sqlite:/w.db?leaseMs=5s", 'leaseMs is "5s"; give a whole number above 0'],
  ["sqlite:/w.db?leaseMs=0", "leaseMs is 0"],
  ["sqlite:/w.db?leaseMs=", 'leaseMs is ""'],
  ["sqlite:/w.db?maxPages=99999999999999999999", "maxPages is 100000000000000000000"],
])("%s is refused: %s", (url, why) => {
  const error = thrownBy(() => settingsOf(new URL(url), undefined));
  expect(error.code).toBe("CONFIG");
  expect(error.message).toContain(why);
});

test.each([
  [{ leasems: 5 }, 'did you mean "leaseMs"?'],
  [{ leaseMs: "5" }, 'leaseMs is "5"'],
  [{ leaseMs: 0.5 }, "leaseMs is 0.5"],
  [{ maxPages: -1 }, "maxPages is -1"],
  ["leaseMs=5", "the options are leaseMs=5; give an object"],
])("the options %j are refused: %s", (options, why) => {
  const error = thrownBy(() => settingsOf(new URL("sqlite:/w.db"), options));
  expect(error.code).toBe("CONFIG");
  expect(error.message).toContain(why);
});
