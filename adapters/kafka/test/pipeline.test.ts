import { randomUUID } from "node:crypto";
import { orSkip, startBroker, startWorker, type Worker } from "@waybill/testing";
import { afterAll, describe, expect, test, vi } from "vitest";
import { sourceTopic } from "../src/names.ts";
import { declared, rigOn, sent, sourceOf } from "./rig.ts";
import { idsIn } from "./stored.ts";

// Members that are killed take their lease to be missed, again and again.
vi.setConfig({ testTimeout: 180_000 });

const [from, to] = [sourceOf("from"), sourceOf("to")];

const own = await orSkip(startBroker("kafka"));
afterAll(() => own?.stop());

describe.skipIf(own === undefined)("a pipeline", () => {
  test("has each message once in its output, though its members are killed and the broker is", async () => {
    if (own === undefined) throw new Error("there is no server");
    const namespace = `t-${randomUUID()}`;
    await using rig = await rigOn(own.url, {}, { namespace });
    await declared(rig, from);
    await declared(rig, to);
    const ids = Array.from({ length: 400 }, (_, index) => `m${index}`).toSorted();
    const workers = new Set<Worker>();
    const hire = async (): Promise<void> => {
      const worker = await startWorker(new URL("./copier.ts", import.meta.url), { args: [own.url, namespace] });
      workers.add(worker);
      await worker.message((message) => message === "ready", { within: "30s" });
    };
    const copies = async (): Promise<readonly string[]> => (await idsIn(own.url, sourceTopic(namespace, "to"))).flat();
    try {
      await Promise.all([hire(), hire()]);
      for (let round = 0; round < 4; round += 1) {
        const before = (await copies()).length;
        await sent(rig, from, ...ids.slice(round * 100, (round + 1) * 100));
        await vi.waitFor(async () => expect((await copies()).length).toBeGreaterThan(before), { timeout: 30_000 });
        if (round === 2) await own.restart();
        const [victim] = workers;
        if (victim === undefined) throw new Error("there is nobody to kill");
        workers.delete(victim);
        await victim.kill();
        await hire();
      }
      await vi.waitFor(async () => expect(new Set(await copies()).size).toBe(ids.length), { timeout: 60_000 });
      expect((await copies()).toSorted()).toEqual(ids);
    } finally {
      for (const worker of workers) await worker.kill();
    }
  });
});
