import type { ConformanceOptions } from "@waybill/conformance";

type Runner = ConformanceOptions["runner"];

/** Of the tests that are defined, those alone whose names fit. */
export function only(runner: Runner, names: RegExp): Runner {
  return {
    describe: runner.describe,
    test: (name, options, run) => (names.test(name) ? runner.test(name, options, run) : undefined),
  };
}
