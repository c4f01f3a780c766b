import { exponential } from "@waybill/core";
import { defineConfig } from "@waybill/config";

defineConfig({});
defineConfig({
  url: "sqlite:./waybill.db",
  consumers: {
    "order.placed/billing": {
      concurrency: 2,
      retry: { delay: { exponential: "1s", max: "5m" } },
      timeout: "30s",
      newer: "wait",
    },
    "email.send": { retry: { delay: { ladder: ["1s", 5_000] } } },
    "email.fast": { retry: { delay: "5s" } },
    "email.slow": { retry: { delay: exponential("1m") } },
  },
  adapters: { sqlite: { leaseMs: 10_000 } },
});

// @ts-expect-error a name that nobody knows
defineConfig({ namespase: "x" });
// @ts-expect-error no unit
defineConfig({ publishTimeout: "5" });
// @ts-expect-error steps or growth, not half of one
defineConfig({ consumers: { a: { retry: { delay: { max: "5m" } } } } });
