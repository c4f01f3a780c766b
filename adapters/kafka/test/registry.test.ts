import { randomUUID } from "node:crypto";
import { systemClock } from "@waybill/core";
import { afterAll, expect, test, vi } from "vitest";
import { Cluster } from "../src/cluster.ts";
import { Registry } from "../src/registry.ts";
import type { ReturnedEntry } from "../src/registry-entry.ts";
import { withServer } from "./server.ts";
import { sessionAt } from "./stored.ts";
import { fence } from "./transactional.ts";

const { broker, missing } = await withServer();
afterAll(() => broker.stop());

test.skipIf(missing)("what is open for now is waited for by who reads all, and by nobody else", async () => {
  await using session = sessionAt(broker.url);
  await using other = sessionAt(broker.url);
  const { transactions } = other;
  if (transactions === undefined) throw new Error("this driver has no transactions");
  const cluster = new Cluster(session, systemClock, 60_000);
  const topic = { name: `t-${randomUUID()}`, partitions: 1, replication: 1, configs: {} };
  const openTail = (): never => {
    throw new Error("nobody listens");
  };
  const registry = new Registry({ topic, session, openTail, cluster, clock: systemClock, boundMs: 10_000 });
  await registry.create();
  const note: ReturnedEntry = {
    kind: "returned",
    of: "x",
    by: "y",
    topic: "t",
    partition: 0,
    offset: 1,
    retry: undefined,
  };
  const id = `x-${randomUUID()}`;
  const of = { id, producer: await fence(broker.url, id) };
  const node = await transactions.coordinator(id);
  const { record, ...place } = registry.noteOf(note);
  await transactions.addPartitions(node, of, [place]);
  const as = { producer: of.producer, sequence: 0, transaction: id };
  await session.produce(await cluster.leaderOf(topic.name, 0), place, [record], as);

  await registry.read();
  expect(registry.returned("x")).toEqual([]);
  const looked = vi.spyOn(session, "fetch");
  const all = registry.readAll();
  await vi.waitFor(() => expect(looked).toHaveBeenCalled());
  await transactions.end(node, of, "commit");
  await all;
  expect(registry.returned("x").map(({ offset }) => offset)).toEqual([note.offset]);
});
