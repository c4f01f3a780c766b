import { mutants } from "@waybill/conformance";
import { adapter } from "@waybill/sqs";
import { orSkip, startBroker } from "@waybill/testing";
import { afterAll, describe, expect, test } from "vitest";
import { controls, options } from "./faults.ts";
import { only } from "./only.ts";

const fauxqs = await orSkip(startBroker("sqs", { server: "fauxqs", keeps: false, sources: ["native"] }));
const elasticmq = await orSkip(
  startBroker("sqs", { server: "elasticmq", keeps: false, sources: ["docker", "native"] }),
);
const servers = [fauxqs, elasticmq].filter((server) => server !== undefined);
test.skipIf(servers.length < 2)("there are both servers", () => expect(servers.length).toBe(2));
afterAll(() => Promise.all(servers.map((server) => server.stop())));

const suite = { runner: { describe, test }, adapter, controls };
if (fauxqs !== undefined) {
  const { broker: _, ...rest } = controls;
  await mutants({ ...suite, url: () => fauxqs.url, options: { ...options, leaseMs: 2_000 }, controls: rest });
}
// What is killed and started again is a server of the case's own, which keeps its messages.
if (elasticmq !== undefined) {
  const runner = only(suite.runner, /^FLT-1\/(restart|away|siege) catches/);
  await mutants({ ...suite, runner, url: () => elasticmq.url, options });
}
