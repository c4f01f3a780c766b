import type { Handler } from "@waybill/core";
import { connect, queue } from "@waybill/core";
import { memory } from "@waybill/memory";
import { expect, test } from "vitest";
import { z } from "zod";

test("a consumer without a handler is refused, instead of failing every message", async () => {
  await using bus = await connect("memory:consumers-test", { adapters: [memory] });
  const jobs = queue("jobs", { schema: z.string() });
  const forgotten = undefined as unknown as Handler<string>;
  await expect(bus.work(jobs, {}, forgotten)).rejects.toThrow(TypeError);
});
