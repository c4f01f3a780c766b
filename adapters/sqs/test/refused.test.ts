import { inspect } from "node:util";
import { orSkip, startBroker } from "@waybill/testing";
import { afterAll, describe, expect, test } from "vitest";
import { AwsProxy, refusing } from "@waybill/test-servers";
import { letter, rigOn, soon, sourceOf } from "./rig.ts";

const broker = await orSkip(startBroker("sqs", { sources: ["native"], server: "fauxqs", keeps: false }));
test.skipIf(broker === undefined)("there is a server", () => expect(broker).toBeDefined());
afterAll(() => broker?.stop());
const url = broker?.url ?? "";

describe.skipIf(broker === undefined)("whom AWS does not let in", () => {
  test.each([
    ["InvalidClientTokenId", /does not know/],
    ["ExpiredToken", /expired/],
    ["SignatureDoesNotMatch", /secret key/],
    ["AccessDenied", /sqs:ListQueues: allow it/],
  ])("is told %s", async (type, why) => {
    await using proxy = await AwsProxy.before(url);
    proxy.rule(({ action }) => (action === "ListQueues" ? refusing(type, 403)() : undefined));
    const error: unknown = await rigOn(proxy.url).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "PERMISSION" });
    expect(String(error)).toMatch(why);
  });

  test("where there are no credentials it is said so, and where to put them", async () => {
    const none = async (): Promise<never> => {
      throw Object.assign(new Error("Could not load credentials from any providers"), {
        name: "CredentialsProviderError",
      });
    };
    const error: unknown = await rigOn(url, { credentials: none }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "PERMISSION" });
    expect(String(error)).toContain("AWS_ACCESS_KEY_ID");
  });

  test("a missing right names the action, and nothing was stored", async () => {
    await using proxy = await AwsProxy.before(url);
    await using rig = await rigOn(proxy.url);
    const queue = sourceOf("denied");
    await rig.transport.declare([queue]);
    proxy.next("SendMessageBatch", refusing("AccessDenied", 403));
    const [result] = await rig.transport.send(queue, [letter("a")], soon());
    expect(result).toMatchObject({ outcome: "refused", error: { code: "PERMISSION" } });
    expect(inspect(result)).toContain("sqs:SendMessage");
  });

  test("SNS that answers where SQS does not is no carrier", async () => {
    await using proxy = await AwsProxy.before(url);
    proxy.rule(({ action }) => (action === "ListTopics" ? undefined : Promise.resolve("lost")));
    await expect(rigOn(proxy.url)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });
});
