import { WaybillError } from "@waybill/core";
import { describe, expect, test } from "vitest";
import { settingsOf } from "../src/url.ts";

function settings(url: string, options: unknown = {}): ReturnType<typeof settingsOf> {
  return settingsOf(new URL(url), options);
}

function refused(url: string, options: unknown = {}): string {
  try {
    settings(url, options);
  } catch (error) {
    if (error instanceof WaybillError && error.code === "CONFIG") return error.message;
    throw error;
  }
  throw new Error("it is not refused");
}

describe("the URL", () => {
  test("names one broker or many, each with its port or Kafka's own", () => {
    expect(settings("kafka://localhost").seeds).toEqual([{ host: "localhost", port: 9_092 }]);
    expect(settings("kafka://h1%3A9093,h2,h3:9094/").seeds).toEqual([
      { host: "h1", port: 9_093 },
      { host: "h2", port: 9_092 },
      { host: "h3", port: 9_094 },
    ]);
  });

  test("holds settings, which win over the options", () => {
    const { leaseMs, partitions } = settings("kafka://h?leaseMs=6000", { leaseMs: 9_000, partitions: 3 });
    expect({ leaseMs, partitions }).toEqual({ leaseMs: 6_000, partitions: 3 });
  });

  test("holds who we are, which nothing shows", () => {
    const { login } = settings("kafka://ada:s3%40cret@h?sasl=scram-sha-512");
    expect(login).toMatchObject({ mechanism: "SCRAM-SHA-512", user: "ada" });
    expect(login !== undefined && "password" in login && login.password.reveal()).toBe("s3@cret");
    expect(JSON.stringify(login)).not.toContain("s3@cret");
    expect(settings("kafka://ada:x@h").login).toMatchObject({ mechanism: "PLAIN" });
    const token = (): string => "t";
    expect(settings("kafka://h", { token }).login).toEqual({ mechanism: "OAUTHBEARER", token });
  });

  test("of TLS says so, and takes its settings", () => {
    expect(settings("kafka://h").tls).toBeUndefined();
    expect(settings("kafkas://h", { ca: "PEM" }).tls).toMatchObject({ ca: "PEM", rejectUnauthorized: true });
    expect(refused("kafka://h", { ca: "PEM" })).toMatch(/ca need TLS/);
  });

  test.each([
    ["kafka://h/topic", {}, /has a path/],
    ["kafka://h,,g", {}, /host is missing/],
    ["kafka://h%zz", {}, /the host cannot be decoded/],
    ["kafka://h:0", {}, /host is missing or cannot be read/],
    ["kafka://h%3A0,g", {}, /host is missing or cannot be read/],
    ["kafka://h?leaseMs=1", {}, /leaseMs is 1; give a whole number/],
    ["kafka://h?leasMs=1", {}, /did you mean "leaseMs"/],
    ["kafka://h?token=x", {}, /given as an option/],
    ["kafka://h?sasl=plain", {}, /needs a user/],
    ["kafka://h?transactions=1", {}, /transactions is neither true nor false/],
    ["kafka://h?transactions=true&driver=kafkajs", {}, /cannot fence off a member that died/],
    ["kafka://a:b@h?sasl=kerberos", {}, /sasl is none of/],
    ["kafka://h", "x", /options are a string/],
    ["kafka://h", { partitions: "many" }, /partitions is "many"/],
  ])("%s with %j is refused, saying why", (url, options, why) => {
    expect(refused(url, options)).toMatch(why);
  });

  test("is refused without a word of its password", () => {
    expect(refused("kafka://ada:s3cret@h?sasl=nothing")).not.toMatch(/s3cret|ada/);
  });
});
