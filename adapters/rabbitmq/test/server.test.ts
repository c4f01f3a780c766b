import { containing, thrownBy } from "@waybill/test-servers";
import fc from "fast-check";
import { expect, test } from "vitest";
import { factsOf } from "../src/server.ts";

const node = { host: "h", port: 1 };
const of = (version: unknown, product: unknown = "RabbitMQ"): unknown => factsOf({ product, version }, node);

test.each([
  ["3.10.8", [3, 10, 8], { quorumPriorities: 1, usualDeliveryLimit: Infinity, usualMaxMessageBytes: 2 ** 27 }],
  ["3.13.0-rc.1", [3, 13, 0], { quorumPriorities: 1, timeoutEnds: "channel", nackCounts: true }],
  ["4.0.5", [4, 0, 5], { quorumPriorities: 2, usualDeliveryLimit: 20, usualMaxMessageBytes: 2 ** 24 }],
  ["4.3", [4, 3, 0], { quorumPriorities: 32, timeoutEnds: "consumer", nackCounts: false }],
  ["10.0.0", [10, 0, 0], { quorumPriorities: 32 }],
])("version %s", (told, version, has) => {
  expect(of(told)).toMatchObject({ node, version, has });
});

test.each([
  ["3.9.29", "RabbitMQ", 'is version "3.9.29"; Waybill needs RabbitMQ 3.10 or later'],
  ["2.8.0", "RabbitMQ", 'is version "2.8.0"'],
  ["new", "RabbitMQ", 'is version "new"'],
  [undefined, "RabbitMQ", "is version untold"],
  ["2.1.0", "LavinMQ", 'is a product "LavinMQ"; Waybill needs RabbitMQ'],
  ["3.10.8", 5, "is a product untold"],
])("version %s of a %s is refused", (version, product, why) => {
  const error = thrownBy(() => of(version, product));
  expect(error).toMatchObject({ code: "UNSUPPORTED", message: containing(`rabbitmq at h:1 ${why}`) });
});

test("whatever a server says of itself is read or refused", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom("product", "version", "cluster_name"), fc.jsonValue()), (properties) => {
      expect(thrownBy(() => factsOf(properties, node)).code).toBe("UNSUPPORTED");
    }),
    { examples: [[{ version: { toString: 0 } }]] },
  );
});
