/* What the types of calls promise; compiled and never run, as `types.test-d.ts`. */
import { bytes, call } from "@waybill/core";
import type { Bus, Call, Consumer, Message } from "@waybill/core";
import { z } from "zod";

/** Compiles only where both types are the same, not merely assignable. */
function same<A, B>(..._proof: [Same<A, B>] extends [true] ? [] : [never]): void {}
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

declare const bus: Bus;

const instant = z.iso.datetime().transform((text) => new Date(text));
const price = call("price.get", {
  request: z.object({ item: z.string(), at: instant }),
  reply: z.object({ cents: z.number(), until: instant }),
});
same<
  typeof price,
  Call<
    { item: string; at: string },
    { item: string; at: Date },
    { cents: number; until: string },
    { cents: number; until: Date }
  >
>();

/* Who asks gives what the request's schema takes in and gets what the reply's schema gives out. */

export async function requests(): Promise<void> {
  const reply = await bus.request(price, { item: "pen", at: "2025-01-01T00:00:00Z" });
  same<typeof reply, { cents: number; until: Date }>();
  await bus.request(price, { item: "pen", at: "" }, { timeout: "5s", headers: { a: "b" }, correlationId: "c" });
  // @ts-expect-error wrong data
  await bus.request(price, { item: 5, at: "" });
  // @ts-expect-error the output, where the input is asked for
  await bus.request(price, { item: "pen", at: new Date() });
  // @ts-expect-error a request takes no delay
  await bus.request(price, { item: "pen", at: "" }, { delay: "5s" });
  // @ts-expect-error a call is no queue
  await bus.send(price, { item: "pen", at: "" });
  await bus.send(price.request, { item: "pen", at: "" });
  bus.inbox(price.request);
}

/* Who answers gets what the request's schema gives out and returns what the reply's schema takes in. */

export async function replies(): Promise<void> {
  const consumer = await bus.reply(price, { concurrency: 5 }, (message) => {
    same<typeof message, Message<{ item: string; at: Date }>>();
    return { cents: 5, until: "2025-01-01T00:00:00Z" };
  });
  same<typeof consumer, Consumer>();
  await bus.reply(price, {}, async () => ({ cents: 5, until: "" }));
  // @ts-expect-error no reply
  await bus.reply(price, {}, () => undefined);
  // @ts-expect-error the output, where the input is asked for
  await bus.reply(price, {}, () => ({ cents: 5, until: new Date() }));
  // @ts-expect-error a wrong member, in a promise neither
  await bus.reply(price, {}, async () => ({ cents: "5", until: "" }));
  // @ts-expect-error a call has no groups
  await bus.reply(price, { group: "g" }, () => ({ cents: 5, until: "" }));
}

export const definitions: readonly unknown[] = [
  call("c", { request: z.instanceof(Uint8Array), reply: z.instanceof(Uint8Array), codec: bytes }),
  // @ts-expect-error no reply
  call("c", { request: z.string() }),
  // @ts-expect-error a schema that is none
  call("c", { request: z.string(), reply: { parse: () => "t" } }),
];
