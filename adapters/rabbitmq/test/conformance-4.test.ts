import { conformance } from "@waybill/conformance";
import { adapter } from "@waybill/rabbitmq";
import { debianServer } from "@waybill/test-servers";
import { startBroker } from "@waybill/testing";
import { afterAll, describe, expect, test } from "vitest";
import { controls, options } from "./faults.ts";

const command = await debianServer("rabbitmq-server");
test.skipIf(command === undefined)("there is a server", () => expect(command).toBeDefined());
if (command !== undefined) {
  const server = { command, sources: ["native"] } as const;
  const broker = await startBroker("rabbitmq", server);
  afterAll(() => broker.stop());
  const url = (): string => broker.url;
  await conformance({ runner: { describe, test }, adapter, url, options, controls: controls(server) });
}
