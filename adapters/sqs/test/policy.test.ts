import { readFileSync } from "node:fs";
import { thrownBy } from "@waybill/test-servers";
import { describe, expect, test } from "vitest";
import { policyOf } from "../src/policy.ts";

function policy(
  url: string,
  topology: "create" | "verify" = "create",
  options: object = {},
): ReturnType<typeof policyOf> {
  return policyOf(new URL(url), { namespace: "waybill", topology, options });
}

function actionsOf({ Statement }: ReturnType<typeof policyOf>): readonly string[] {
  return Statement.flatMap(({ Action }) => Action).toSorted();
}

describe("the policy", () => {
  test("allows exactly what is ever asked for", () => {
    const source = readFileSync(new URL("../src/api.ts", import.meta.url), "utf8");
    const asked = new Set([...source.matchAll(/"((?:sqs|sns):\w+)"/g)].map(([, action = ""]) => action));
    // What CreateTopic does with tags.
    asked.add("sns:TagResource");
    expect(actionsOf(policy("sqs://eu-central-1"))).toEqual([...asked].toSorted());
  });

  test("is the one that the README shows", () => {
    const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
    const shown = /```json\n(\{\n {2}"Version"[^]*?)```/.exec(readme)?.[1] ?? "";
    expect(JSON.parse(shown)).toEqual(policy("sqs://eu-central-1"));
  });

  test("is about one namespace, one region, and one account where that is known", () => {
    const { Statement } = policy("sqs://cn-north-1?account=123456789012");
    expect(Statement[0]?.Resource).toEqual([
      expect.stringMatching(/^arn:aws-cn:sqs:cn-north-1:123456789012:wb-\w{8}-\*$/),
      expect.stringMatching(/^arn:aws-cn:sns:cn-north-1:123456789012:wb-\w{8}-\*$/),
    ]);
  });

  test("to verify makes nothing but what lives as long as a listener", () => {
    const { Statement } = policy("sqs://eu-central-1", "verify");
    const made = Statement.find(({ Action }) => Action.includes("sqs:CreateQueue"));
    expect(made?.Resource).toEqual([
      expect.stringMatching(/:sqs:.*-e\*$/),
      expect.stringMatching(/:sqs:.*-x\*$/),
      expect.stringMatching(/:sns:.*-\*$/),
    ]);
    expect(actionsOf({ Version: "2012-10-17", Statement })).not.toContain("sns:CreateTopic");
  });

  test("has nothing of SNS where there are queues alone", () => {
    expect(JSON.stringify(policy("sqs://eu-central-1?sns=false"))).not.toContain("sns:");
  });

  test.each([
    ["1234abcd", { Resource: "arn:aws:kms:eu-central-1:*:key/1234abcd" }],
    ["arn:aws:kms:eu-central-1:1:key/5", { Resource: "arn:aws:kms:eu-central-1:1:key/5" }],
    [
      "alias/orders",
      {
        Resource: "arn:aws:kms:eu-central-1:*:key/*",
        Condition: { "ForAnyValue:StringEquals": { "kms:ResourceAliases": "alias/orders" } },
      },
    ],
  ])("lets the key %s be used", (kmsKeyId, statement) => {
    const { Statement } = policy("sqs://eu-central-1", "create", { kmsKeyId });
    expect(Statement.at(-1)).toMatchObject({ Action: ["kms:GenerateDataKey", "kms:Decrypt"], ...statement });
  });

  test("refuses what cannot be read", () => {
    expect(thrownBy(() => policy("sqs://eu-central-1?leese=1")).code).toBe("CONFIG");
  });
});
