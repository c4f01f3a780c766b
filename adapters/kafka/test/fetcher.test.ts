import { Buffer } from "node:buffer";
import { randomUUID } from "node:crypto";
import { systemClock } from "@waybill/core";
import { startBroker } from "@waybill/testing";
import { afterAll, expect, test, vi } from "vitest";
import { Cluster } from "../src/cluster.ts";
import { Fetcher, type Wanted } from "../src/fetcher.ts";
import { platformaticDriver } from "../src/platformatic/driver.ts";
import { settingsOf } from "../src/url.ts";

const broker = await startBroker("kafka");
const settings = settingsOf(new URL(broker.url), {});
afterAll(() => broker.stop());

interface Place extends Wanted {
  position: number;
  hasMore: boolean;
  isOpen: boolean;
}

const record = { key: undefined, value: Buffer.from("a"), headers: [], timestamp: 1 };

test("nothing that is wanted waits behind what has nothing for now", async () => {
  const driver = platformaticDriver(settings);
  const session = driver.session(settings.requestTimeoutMs);
  const cluster = new Cluster(session, systemClock, settings.refreshMs);
  const topic = `t-${randomUUID()}`;
  await session.createTopics([{ name: topic, partitions: 4, replication: 1, configs: {} }]);
  const node = await vi.waitFor(() => cluster.leaderOf(topic, 3), { timeout: 10_000 });
  const store = (partition: number): Promise<number> => session.produce(node, { topic, partition }, [record]);
  const places = [0, 1, 2, 3].map((partition): Place => ({
    topic,
    partition,
    position: 0,
    hasMore: true,
    isOpen: partition === 0,
    fetching: false,
  }));
  const failures: unknown[] = [];
  const fetcher = new Fetcher({
    // One that waits would wait for longer than this test may take.
    waitMs: 60_000,
    watching: driver.session(120_000),
    asking: driver.session(settings.requestTimeoutMs),
    cluster,
    clock: systemClock,
    wanted: () => places.filter(({ isOpen }) => isOpen),
    took: (wanted, { next, end }) =>
      Object.assign(wanted, { hasMore: next > wanted.position && next < end, position: next }),
    answered: () => undefined,
    gone: (name) => failures.push(name),
    failed: (error) => failures.push(error),
  });
  const positions = (): readonly number[] => places.map(({ position }) => position);
  fetcher.nudge();
  await vi.waitFor(() => expect(places[0]).toMatchObject({ fetching: true, hasMore: false }));
  for (const place of places.slice(1)) {
    place.isOpen = true;
    fetcher.nudge();
    await vi.waitFor(() => expect(place.hasMore).toBe(false));
  }
  await store(3);
  await vi.waitFor(() => expect(positions()).toEqual([0, 0, 0, 1]));
  await store(2);
  await vi.waitFor(() => expect(positions()).toEqual([0, 0, 1, 1]));
  // What is watched comes as well.
  await store(0);
  await vi.waitFor(() => expect(positions()).toEqual([1, 0, 1, 1]));
  await Promise.all([store(1), store(3)]);
  await vi.waitFor(() => expect(positions()).toEqual([1, 1, 1, 2]));
  await fetcher.close();
  await session.close();
  expect(failures).toEqual([]);
});
