import { inspect } from "node:util";
import { WaybillError } from "@waybill/core";
import { thrownBy } from "@waybill/test-servers";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Settings, settingsOf } from "../src/url.ts";

const parsed = (url: string, options?: unknown): Settings => settingsOf(new URL(url), options);
const pem = "-----BEGIN CERTIFICATE-----\n…";

test("a host alone has all the usual settings", () => {
  expect(parsed("redis://localhost")).toEqual({
    kind: "single",
    nodes: [{ host: "localhost", port: 6_379 }],
    master: undefined,
    db: 0,
    credentials: { user: undefined, password: undefined },
    sentinelCredentials: { user: undefined, password: undefined },
    tls: undefined,
    leaseMs: 30_000,
    durability: undefined,
    connectTimeoutMs: 5_000,
    commandTimeoutMs: 10_000,
  });
});

test.each([
  ["redis://10.0.0.1:7000/3", undefined, { nodes: [{ host: "10.0.0.1", port: 7_000 }], db: 3 }],
  ["redis://[::1]:7000", undefined, { nodes: [{ host: "::1", port: 7_000 }] }],
  ["redis://h?leaseMs=500", { leaseMs: 1_000, commandTimeoutMs: 7 }, { leaseMs: 500, commandTimeoutMs: 7 }],
  ["redis://h?durability=fsync", undefined, { durability: { kind: "fsync" } }],
  ["redis://h", { durability: "replicas:2" }, { durability: { kind: "replicas", count: 2 } }],
  ["rediss://h", undefined, { tls: {} }],
  [
    "rediss://h?rejectUnauthorized=false&servername=x",
    undefined,
    { tls: { rejectUnauthorized: false, servername: "x" } },
  ],
  ["rediss://h", { ca: pem, cert: Buffer.from(pem) }, { tls: { ca: pem, cert: pem } }],
  ["redis://h?cluster=true", undefined, { kind: "cluster", nodes: [{ host: "h", port: 6_379 }] }],
  [
    "redis://h:1",
    { cluster: ["a:2", "[::1]:3"] },
    {
      nodes: [
        { host: "h", port: 1 },
        { host: "a", port: 2 },
        { host: "::1", port: 3 },
      ],
    },
  ],
  [
    "redis://main/2?sentinels=a,b:2",
    undefined,
    {
      kind: "sentinel",
      master: "main",
      db: 2,
      nodes: [
        { host: "a", port: 26_379 },
        { host: "b", port: 2 },
      ],
    },
  ],
  ["redis:///", { sentinels: ["a:1"], sentinelName: "main" }, { master: "main", nodes: [{ host: "a", port: 1 }] }],
])("%s with %j", (url, options, settings) => {
  expect(parsed(url, options)).toMatchObject(settings);
});

test.each([
  ["redis://", undefined, "needs a host"],
  ["redis://h:0", undefined, "port 0"],
  ["redis://h/a", undefined, "the path is the number of a database"],
  ["redis://h#1", undefined, "written %23"],
  ["redis://user@h", undefined, "a user and no password"],
  ["redis://h?lease=5", undefined, 'knows no setting "lease"; did you mean "leaseMs"?'],
  ["redis://h?leaseMs=5s", undefined, 'leaseMs is "5s"; give a whole number from 1 to 2147483647'],
  ["redis://h", { commandTimeoutMs: 0 }, "commandTimeoutMs is 0"],
  ["redis://h", "leaseMs=5", "the options are a string; give an object"],
  ["redis://h?durability=replicas:0", undefined, 'durability is "replicas:0"; give "fsync" or "replicas:1"'],
  ["redis://h", { ca: pem }, "ca is of TLS; write rediss://"],
  [
    "rediss://h",
    { ca: "./ca.pem" },
    'ca is no PEM text; give what the file holds, such as readFileSync("ca.pem", "utf8")',
  ],
  ["rediss://h?rejectUnauthorized=no", undefined, "neither true nor false"],
  ["redis://h/1?cluster=true", undefined, 'leave "/1" out'],
  ["redis://h?cluster=true&sentinels=a", undefined, "not both"],
  ["redis://h?cluster=a:b", undefined, 'cluster holds something else than "host:port"'],
  ["redis://h", { sentinels: [] }, "sentinels is empty"],
  ["redis://h", { sentinels: [5] }, 'sentinels holds something else than "host:port"'],
  ["redis://h:1?sentinels=a", undefined, "leave it out of the URL"],
  ["redis:///?sentinels=a", undefined, "needs the name the sentinels have"],
  ["redis://a?sentinels=a&sentinelName=b", undefined, 'the master is "a" in the URL and sentinelName "b"'],
  ["redis://h?sentinelName=a", undefined, "sentinelName goes with sentinels"],
])("%s with %j is refused: %s", (url, options, why) => {
  const error = thrownBy(() => parsed(url, options));
  expect(error.code).toBe("CONFIG");
  expect(error.message).toContain(why);
});

test("a user and password are what was written, whatever they hold, and shown by nothing", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: "grapheme" }), fc.string({ minLength: 1 }), (user, password) => {
      const url = `redis://${encodeURIComponent(user)}:${encodeURIComponent(password)}@h`;
      const settings = parsed(url, { sentinels: ["s"], sentinelPassword: `sesame ${password}` });
      const { credentials, sentinelCredentials } = settings;
      expect(credentials.user).toBe(user);
      expect(credentials.password?.reveal()).toBe(password);
      expect(sentinelCredentials.password?.reveal()).toBe(`sesame ${password}`);
      expect(inspect(settings, { depth: 9, showHidden: true }) + JSON.stringify(settings)).not.toContain("sesame");
    }),
  );
});

test.each([
  "redis://u:12/sesame@h",
  "redis://u:12?sesame@h",
  "redis://u:12#sesame@h",
  "redis://u:%zzsesame@h",
  "redis://h?sentinels=u:sesame@h:1",
  "redis://:sesame@h?lease=5",
  "redis://:sesame@h?db=x",
])("no error shows the password of %s", (url) => {
  const error = thrownBy(() => parsed(url));
  expect(error.code).toBe("CONFIG");
  expect(inspect(error, { depth: 9 })).not.toContain("sesame");
});

test("any URL is read or refused", () => {
  const part = fc.string({ maxLength: 8 });
  fc.assert(
    fc.property(part, part, fc.dictionary(part, fc.jsonValue()), (path, query, options) => {
      const url = new URL(`redis://h/${path}?${query}`);
      const refused = refusalBy(() => settingsOf(url, options));
      expect([undefined, "CONFIG"]).toContain(refused?.code);
    }),
  );
});

function refusalBy(run: () => unknown): WaybillError | undefined {
  let over = false;
  const error = thrownBy(() => {
    run();
    over = true;
    throw new WaybillError("CLOSED", "nothing was refused");
  });
  return over ? undefined : error;
}
