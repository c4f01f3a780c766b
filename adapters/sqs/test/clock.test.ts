import { orSkip, startBroker } from "@waybill/testing";
import { afterAll, describe, expect, test } from "vitest";
import { AwsProxy } from "@waybill/test-servers";
import { rigOn, sourceOf } from "./rig.ts";

const broker = await orSkip(startBroker("sqs", { sources: ["native"], server: "fauxqs", keeps: false }));
test.skipIf(broker === undefined)("there is a server", () => expect(broker).toBeDefined());
afterAll(() => broker?.stop());
const url = broker?.url ?? "";

const hour = 3_600_000;

/** A service whose clock is that far from ours, and which refuses what is signed by another. */
function withClock(proxy: AwsProxy, offMs: number): { readonly refused: () => number } {
  let refused = 0;
  proxy.rule(({ signedAt, pass }) => {
    const now = Date.now() + offMs;
    const headers = { date: new Date(now).toUTCString() };
    if (Math.abs(signedAt - now) < 300_000) return pass().then((answer) => ({ ...answer, headers }));
    refused += 1;
    const message = `Signature expired: it is now ${now}`;
    return Promise.resolve({ status: 403, headers, body: { __type: "SignatureDoesNotMatch", message } });
  });
  return { refused: () => refused };
}

describe.skipIf(broker === undefined)("this machine's clock", () => {
  test("is an hour off: one request is refused, and the rest goes by the service's", async () => {
    await using proxy = await AwsProxy.before(url);
    const { refused } = withClock(proxy, hour);
    await using rig = await rigOn(proxy.url, { sns: false });
    await rig.transport.declare([sourceOf("skewed")]);
    expect(refused()).toBe(1);
  });

  test("is wrong and cannot be corrected: it is said so", async () => {
    await using proxy = await AwsProxy.before(url);
    const message = "Signature not yet current: it is another year";
    proxy.rule(() => Promise.resolve({ status: 403, body: { __type: "InvalidSignatureException", message } }));
    const error: unknown = await rigOn(proxy.url, { sns: false }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "UNAVAILABLE" });
    expect(String(error)).toContain("NTP");
  });
});
