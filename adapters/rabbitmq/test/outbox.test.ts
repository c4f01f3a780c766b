import { orSkip } from "@waybill/testing";
import { afterAll, describe, expect, test } from "vitest";
import { declared, letter, type Rig, rigOn, sent, sourceOf } from "./rig.ts";
import { startServer } from "./start-server.ts";

const server = await orSkip(startServer());
afterAll(() => server?.stop());
const url = server?.url ?? "";

/** How many channels confirm what is published on them. */
async function publishing(): Promise<number> {
  const channels = (await server?.administer("-q", "list_channels", "confirm")) ?? "";
  return channels.split("\n").filter((line) => line === "true").length;
}

/** As many batches as core has under way at most. */
async function publishedTo(rig: Rig, name: string, key: string | undefined): Promise<void> {
  const source = sourceOf(name);
  await declared(rig, source);
  const batches = Array.from({ length: rig.transport.outbound.depth }, (_, index) =>
    sent(rig, source, letter(`${index}`, { key })),
  );
  expect((await Promise.all(batches)).flat()).toEqual(batches.map(() => "stored"));
}

describe.skipIf(server === undefined)("what is published", () => {
  test("goes over several channels where it needs no order", async () => {
    await using rig = await rigOn(url);
    await publishedTo(rig, "unordered", undefined);
    expect(await publishing()).toBe(4);
  });

  test("goes over one channel where it belongs to a key (PUB-8)", async () => {
    await using rig = await rigOn(url);
    await publishedTo(rig, "by key", "k");
    expect(await publishing()).toBe(1);
  });

  test("goes over one channel where each waits for the one before", async () => {
    await using rig = await rigOn(url);
    const source = sourceOf("awaited");
    await declared(rig, source);
    for (const id of ["a", "b", "c", "d"]) expect(await sent(rig, source, id)).toEqual(["stored"]);
    expect(await publishing()).toBe(1);
  });
});
