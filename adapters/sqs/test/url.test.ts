import { inspect } from "node:util";
import { thrownBy } from "@waybill/test-servers";
import { describe, expect, test } from "vitest";
import { settingsOf } from "../src/url.ts";

function of(url: string, options?: unknown): ReturnType<typeof settingsOf> {
  return settingsOf(new URL(url), options);
}

describe("a URL of SQS", () => {
  test("names the region, and everything else has a default", () => {
    expect(of("sqs://eu-central-1")).toMatchObject({
      region: "eu-central-1",
      endpoint: undefined,
      sns: "auto",
      credentials: undefined,
      leaseMs: 30_000,
      waitMs: 20_000,
      retentionMs: 1_209_600_000,
    });
  });

  test("takes settings, and goes before the options", () => {
    const url = "sqs://us-east-1?endpoint=http://localhost:9324&leaseMs=5000&sns=false&account=000000000012";
    const options = { leaseMs: 9_000, waitMs: 1_000, tags: { team: "orders" } };
    expect(of(url, options)).toMatchObject({
      endpoint: "http://localhost:9324",
      snsEndpoint: "http://localhost:9324",
      leaseMs: 5_000,
      waitMs: 1_000,
      sns: false,
      account: "000000000012",
      tags: { team: "orders" },
    });
  });

  test.each([
    ["sqs:", undefined, /region is missing/],
    ["sqs://eu-central-1:80", undefined, /endpoint/],
    ["sqs://eu-central-1/queue", undefined, /endpoint/],
    ["sqs://EU_CENTRAL", undefined, /no region/],
    ["sqs://r?leasMs=1", undefined, /did you mean "leaseMs"/],
    ["sqs://r?leaseMs=1500", undefined, /whole seconds/],
    ["sqs://r?leaseMs=500", undefined, /from 1000 to 43200000/],
    ["sqs://r?waitMs=21000", undefined, /from 1000 to 20000/],
    ["sqs://r?endpoint=localhost", undefined, /endpoint/],
    ["sqs://r?endpoint=ftp://x", undefined, /endpoint/],
    ["sqs://r?sns=perhaps", undefined, /sns/],
    ["sqs://r?account=12x", undefined, /12 digits/],
    ["sqs://r?credentials=x", undefined, /as an option/],
    ["sqs://r", "options", /give an object/],
    ["sqs://r", { credentials: {} }, /credentials/],
    ["sqs://r", { tags: ["a"] }, /tags/],
    ["sqs://r", { retentionMs: 15 * 86_400_000 }, /retentionMs/],
  ])("%s with %j is refused", (url, options, why) => {
    const error = thrownBy(() => of(url, options));
    expect(error.code).toBe("CONFIG");
    expect(error.message).toMatch(why);
  });

  test("holds no credentials: they are refused, and not repeated (LIF-6)", () => {
    for (const url of ["sqs://key:s3cret@r", "sqs://r?s3cret/x=1", "sqs://r?endpoint=http://u:s3cret@h"]) {
      const error = thrownBy(() => of(url));
      expect(error.code).toBe("CONFIG");
      expect(inspect(error)).not.toContain("s3cret");
    }
    const settings = of("sqs://r", { credentials: { accessKeyId: "AK", secretAccessKey: "s3cret" } });
    expect(inspect(settings, { depth: 9 })).not.toContain("s3cret");
  });
});
