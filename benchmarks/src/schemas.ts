import { z } from "zod";

/** About 1 kB of JSON. */
export const order = z.object({ orderId: z.string(), customerId: z.string(), total: z.number(), note: z.string() });

export const oneOrder: z.infer<typeof order> = {
  orderId: "o-1",
  customerId: "c-7",
  total: 42,
  note: "the quick brown fox jumps over the lazy dog. ".repeat(20),
};

/** Lets bytes through unlooked at. */
export const anything = z.custom<Uint8Array>((value) => value instanceof Uint8Array);

export const oneKilobyte: Uint8Array = Buffer.alloc(1_000, 1);
