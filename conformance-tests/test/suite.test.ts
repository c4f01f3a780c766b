import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { conformance } from "../src/conformance.ts";
import { mutantNamed } from "../src/mutants.ts";
import { mutation, type MutantsOptions } from "../src/mutation.ts";
import type { Waiver } from "../src/plan.ts";
import type { TestRunner } from "../src/test-runner.ts";
import { wrap } from "../src/wrap.ts";
import { adapter } from "./third-party/toy.ts";

type Run = (context: unknown) => Promise<void>;

/** Collects tests by their name up to the colon, to run some of them by hand. */
function collector(): { readonly runner: TestRunner; readonly tests: Map<string, Run> } {
  const tests = new Map<string, Run>();
  return {
    tests,
    runner: {
      describe: (_name, _options, define) => define(),
      test: (name, _options, run) => void tests.set(name.split(":")[0] ?? "", run),
    },
  };
}

async function suiteOf(mutant: string, waivers: readonly Waiver[] = []): Promise<Map<string, Run>> {
  const { runner, tests } = collector();
  await conformance({ runner, adapter: mutantNamed(mutant).mutate(adapter), url: () => "toy:", waivers });
  return tests;
}

async function run(tests: Map<string, Run>, id: string): Promise<void> {
  const found = tests.get(id);
  if (found === undefined) throw new Error(`no test ${id} among ${[...tests.keys()].join(", ")}`);
  await found(undefined);
}

test("a case that fails fails its test, its waiver lets it pass, and a stale waiver fails", async () => {
  const waiver = (id: string): readonly Waiver[] => [{ case: id, reason: "known" }];
  await expect(run(await suiteOf("drops-empty-headers"), "PUB-4/headers")).rejects.toThrow(/headers of message/);
  await run(await suiteOf("drops-empty-headers", waiver("PUB-4/headers")), "PUB-4/headers");
  await expect(run(await suiteOf("drops-empty-headers", waiver("PUB-4/body")), "PUB-4/body")).rejects.toThrow(/stale/);
});

test("what is not claimed has no test of its own, but one that it is refused", async () => {
  const tests = await suiteOf("drops-empty-headers");
  expect(tests.has("ORD-1")).toBe(false);
  expect(tests.has("SUB-1")).toBe(false);
  await run(tests, "CAP-1/refuses topics");
  await run(tests, "CAP-1/refuses order");
});

test("a report of an incomplete run is not written", async () => {
  const { runner, tests } = collector();
  const report = pathToFileURL(join(tmpdir(), `${randomUUID()}.json`));
  await conformance({ runner, adapter, url: () => "toy:", report });
  await run(tests, "report");
  await expect(readFile(report, "utf8")).rejects.toThrow(/ENOENT/);
  await rm(report, { force: true });
});

test("a mutant that its case catches passes its test", async () => {
  const { runner, tests } = collector();
  await mutation({ runner, adapter, url: () => "toy:" });
  await expect(run(tests, "PUB-4/headers catches one that drops-empty-headers")).resolves.toBeUndefined();
});

test("a case that fails for being impatient fails its control, where one is asked for", async () => {
  const slow = wrap(adapter, () => ({
    receiver: () => ({ deliver: (batch, sink) => void setTimeout(() => sink.deliver(batch), 200) }),
  }));
  const of = async (options: Partial<MutantsOptions>): Promise<Map<string, Run>> => {
    const { runner, tests } = collector();
    await mutation({ runner, adapter: slow, url: () => "toy:", ...options });
    return tests;
  };
  const control = "PUB-4/headers passes with nothing broken";
  const impatient = await of({ patienceMs: 50, control: true });
  await expect(run(impatient, "PUB-4/headers catches one that drops-empty-headers")).resolves.toBeUndefined();
  await expect(run(impatient, control)).rejects.toThrow("not within 50 ms");
  await expect(run(await of({ control: true }), control)).resolves.toBeUndefined();
  expect((await of({})).has(control)).toBe(false);
});
