import { inspect } from "node:util";
import { WaybillError } from "@waybill/core";
import { thrownBy } from "@waybill/test-servers";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Settings, settingsOf } from "../src/url.ts";

const parsed = (url: string, options?: unknown): Settings => settingsOf(new URL(url), options);
const pem = "-----BEGIN CERTIFICATE-----\n…";
const client = { cert: pem, key: pem };
const token = (): string => "t";

test("a host alone has all the usual settings", () => {
  const { login, ...others } = parsed("amqp://localhost");
  expect(login).toMatchObject({ kind: "plain", user: "guest" });
  expect(login.kind === "plain" && login.password.reveal()).toBe("guest");
  expect(others).toEqual({
    nodes: [{ host: "localhost", port: 5_672 }],
    vhost: "/",
    sweepMs: 60_000,
    tls: undefined,
    connectionName: "waybill",
    heartbeatMs: 5_000,
    connectTimeoutMs: 5_000,
    commandTimeoutMs: 10_000,
    maxMessageBytes: 16_777_216,
    consumerTimeoutMs: 1_800_000,
    management: undefined,
  });
});

test.each([
  ["amqp://10.0.0.1:7000/orders", undefined, { nodes: [{ host: "10.0.0.1", port: 7_000 }], vhost: "orders" }],
  ["amqp://h/", undefined, { vhost: "/" }],
  ["amqp://h/%2F", undefined, { vhost: "/" }],
  ["amqp://h/a%2Fb%20c", undefined, { vhost: "a/b c" }],
  ["amqp://[::1]:7000", undefined, { nodes: [{ host: "::1", port: 7_000 }] }],
  ["amqps://h", undefined, { nodes: [{ host: "h", port: 5_671 }], tls: {} }],
  [
    "amqp://a,b:7000?hosts=c,d:1,[::1]:2",
    undefined,
    {
      nodes: [
        { host: "a", port: 7_000 },
        { host: "b", port: 7_000 },
        { host: "c", port: 5_672 },
        { host: "d", port: 1 },
        { host: "::1", port: 2 },
      ],
    },
  ],
  [
    "amqps://a",
    { hosts: ["b"] },
    {
      nodes: [
        { host: "a", port: 5_671 },
        { host: "b", port: 5_671 },
      ],
    },
  ],
  [
    "amqp://h?heartbeatMs=2000",
    { heartbeatMs: 9_000, commandTimeoutMs: 7 },
    { heartbeatMs: 2_000, commandTimeoutMs: 7 },
  ],
  ["amqp://h?connectionName=orders", undefined, { connectionName: "orders" }],
  ["amqp://h?connectionName=007", undefined, { connectionName: "007" }],
  [
    "amqp://h",
    { maxMessageBytes: 1_000, consumerTimeoutMs: 60_000 },
    { maxMessageBytes: 1_000, consumerTimeoutMs: 60_000 },
  ],
  ["amqp://me@h", { token }, { login: { kind: "token", user: "me", ask: token } }],
  ["amqps://h?auth=external", client, { login: { kind: "external" } }],
  ["amqps://h", { ca: pem, ...client, cert: Buffer.from(pem) }, { tls: { ca: pem, cert: pem } }],
  [
    "amqps://h?rejectUnauthorized=false&servername=x",
    undefined,
    { tls: { rejectUnauthorized: false, servername: "x" } },
  ],
  ["amqp://u:p@h", { managementUrl: "http://m:15672/" }, { management: { url: "http://m:15672", user: "u" } }],
  [
    "amqp://u:p@h?managementUrl=https://x:y@m/rabbit/",
    undefined,
    { management: { url: "https://m/rabbit", user: "x" } },
  ],
])("%s with %j", (url, options, settings) => {
  expect(parsed(url, options)).toMatchObject(settings);
});

test.each([
  ["amqp://", undefined, "needs a host"],
  ["amqp://h:0", undefined, "port 0"],
  ["amqp://a,,b", undefined, 'the URL holds something else than "host:port"'],
  ["amqp://h?hosts=a:b", undefined, 'hosts holds something else than "host:port"'],
  ["amqp://h", { hosts: [5] }, 'hosts holds something else than "host:port"; give hosts such as "10.0.0.1:5672"'],
  ["amqp://h/a/b", undefined, 'the path is one vhost; in a user, password or vhost "/" is written %2F'],
  [`amqp://h/${"a".repeat(256)}`, undefined, "longer than the 255 bytes"],
  ["amqp://h#1", undefined, "written %23"],
  ["amqp://user@h", undefined, "a user and no password"],
  ["amqp://:sesame@h", undefined, "a password and no user"],
  ["amqp://h?heartbeat=10", undefined, 'knows no setting "heartbeat"; did you mean "heartbeatMs"?'],
  ["amqp://h?heartbeatMs=1500", undefined, "heartbeatMs is 1500; give whole seconds from 1000 to 60000"],
  ["amqp://h?heartbeatMs=0", undefined, "heartbeatMs is 0"],
  ["amqp://h?heartbeatMs=61000", undefined, "heartbeatMs is 61000"],
  ["amqp://h", { commandTimeoutMs: "5s" }, 'commandTimeoutMs is "5s"; give a whole number from 1 to 2147483647'],
  ["amqp://h", { maxMessageBytes: {} }, "maxMessageBytes is {}"],
  ["amqp://h", { connectionName: {} }, "connectionName is not a text; give one"],
  ["amqp://h", "heartbeatMs=5000", "the options are a string; give an object"],
  ["amqp://h?auth=amqplain", undefined, 'auth is "amqplain"; give "plain" or "external"'],
  ["amqp://h?auth=external", undefined, 'auth "external" needs amqps://, cert and key'],
  ["amqps://h?auth=external", undefined, 'auth "external" needs amqps://, cert and key'],
  ["amqps://u:p@h?auth=external", client, "takes no user, password or token"],
  ["amqps://h?auth=external", { ...client, token }, "takes no user, password or token"],
  ["amqp://h?token=t", undefined, "token is no function"],
  ["amqp://u:p@h", { token }, "a password or a token function, not both"],
  ["amqp://h", { ca: pem }, "ca is of TLS; write amqps://"],
  ["amqps://h", { cert: pem }, "cert and key go together"],
  [
    "amqps://h",
    { ca: "./ca.pem" },
    'ca is no PEM text; give what the file holds, such as readFileSync("ca.pem", "utf8")',
  ],
  ["amqps://h?rejectUnauthorized=no", undefined, "neither true nor false"],
  ["amqp://h?managementUrl=m", undefined, "managementUrl is no URL such as"],
  ["amqp://h?managementUrl=amqp://m", undefined, "managementUrl is no URL such as"],
  ["amqp://h", { token, managementUrl: "http://m" }, "managementUrl needs a user of its own here"],
])("%s with %j is refused: %s", (url, options, why) => {
  const error = thrownBy(() => parsed(url, options));
  expect(error.code).toBe("CONFIG");
  expect(error.message).toMatch(/^rabbitmq: /);
  expect(error.message).toContain(why);
});

test("a user and password are what was written, whatever they hold, and shown by nothing", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: "grapheme" }), fc.string({ minLength: 1 }), (user, word) => {
      const password = `sesame ${word}`;
      const at = (host: string): string => `${encodeURIComponent(user)}:${encodeURIComponent(password)}@${host}`;
      const settings = parsed(`amqp://${at("h")}`, { managementUrl: `http://${at("m")}` });
      const { login, management } = settings;
      expect(login).toMatchObject({ kind: "plain", user });
      expect(login.kind === "plain" && login.password.reveal()).toBe(password);
      expect(management).toMatchObject({ url: "http://m", user });
      expect(management?.password.reveal()).toBe(password);
      expect(inspect(settings, { depth: 9, showHidden: true }) + JSON.stringify(settings)).not.toContain("sesame");
    }),
  );
});

test.each([
  "amqp://u:12/sesame@h",
  "amqp://u:12?sesame@h",
  "amqp://u:12#sesame@h",
  "amqp://u:%zzsesame@h",
  "amqp://h?hosts=u:sesame@h:1",
  "amqp://u:sesame@h?lease=5",
  "amqp://u:sesame@h?heartbeatMs=x",
  "amqp://h?managementUrl=http://u:sesame@m/?x",
])("no error shows the password of %s", (url) => {
  const error = thrownBy(() => parsed(url));
  expect(error.code).toBe("CONFIG");
  expect(inspect(error, { depth: 9 })).not.toContain("sesame");
});

test("any URL is read or refused", () => {
  const part = fc.string({ maxLength: 8 });
  fc.assert(
    fc.property(part, part, fc.dictionary(part, fc.jsonValue()), (path, query, options) => {
      const url = new URL(`amqp://h/${path}?${query}`);
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
