import { expect } from "vitest";
import type { Broker } from "../../src/index.ts";

/** Takes a private server through all that can happen to it; `probe` asks it something. */
export async function expectControls(
  broker: Broker | undefined,
  probe: (url: string) => Promise<unknown>,
): Promise<void> {
  if (broker === undefined) throw new Error("there is no server");
  expect(broker).toMatchObject({ source: "native", isPrivate: true });
  await probe(broker.url);

  await broker.pause();
  await expect(probe(broker.url)).rejects.toThrow(/no answer|timeout/);
  await broker.resume();
  await probe(broker.url);

  await broker.kill();
  await expect(probe(broker.url)).rejects.toThrow(/ECONNREFUSED|fetch failed/);
  await broker.restart();
  await probe(broker.url);

  await broker.restart();
  await broker.stop();
  await expect(probe(broker.url)).rejects.toThrow(/ECONNREFUSED|fetch failed/);
}
