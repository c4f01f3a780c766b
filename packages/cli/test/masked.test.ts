import { expect, test } from "vitest";
import { masked } from "../src/masked.ts";

test.each([
  ["memory:", "memory:"],
  ["sqlite:./waybill.db?leaseMs=5000", "sqlite:./waybill.db?leaseMs=…"],
  ["amqp://user:p%40ss@host:5672/vhost", "amqp://…@host:5672/vhost"],
  ["amqps://token@host", "amqps://…@host"],
  ["redis://:pass@host/1?a=1&b=2#frag", "redis://…@host/1?a=…&b=…"],
])("%s is shown as %s", (url, shown) => {
  expect(masked(url)).toBe(shown);
});
