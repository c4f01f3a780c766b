import { randomUUID } from "node:crypto";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { connect, type DeadLetter, idempotency, memoryStore, PermanentError, queue } from "@waybill/core";
import { z } from "zod";
import { charge, orderPlaced, price, receipt, reminder } from "./definitions.ts";
import { Notes } from "./notes.ts";

// The URL is all that changes with the broker. The namespace is this run's alone, so that the server may be anybody's.
const url = process.env["WAYBILL_URL"] ?? "memory:";
await using bus = await connect(url, { source: "shop", namespace: `swap-${randomUUID().slice(0, 8)}` });
bus.use(idempotency({ store: memoryStore() }));
const notes = new Notes();

console.log("Two groups, a copy each; a customer's orders in order; one that comes twice, handled once:");
for (const group of ["billing", "shipping"]) {
  await bus.subscribe(orderPlaced, { group, concurrency: 10 }, ({ data }) =>
    notes.add(`${group}: ${data.customer} ${data.number}`),
  );
}
for (const number of [1, 2, 2, 3]) {
  for (const customer of ["ada", "bob"]) {
    await bus.publish(orderPlaced, { customer, number }, { id: `${customer}-${number}` });
  }
}
const handled = await notes.take(12);
for (const line of ["billing: ada", "billing: bob", "shipping: ada", "shipping: bob"]) {
  const numbers = handled.filter((note) => note.startsWith(line)).map((note) => note.slice(line.length));
  console.log(`  ${line}${numbers.join("")}`);
}

console.log("A retry, and a receipt that leaves only with the attempt that succeeds:");
let isMended = false;
const retry = { maxAttempts: 3, delay: "50ms" } as const;
await bus.work(charge, { retry }, async ({ data: { card }, attempt, send }) => {
  await send(receipt, { text: `${card} card, charged on attempt ${attempt}` });
  if (card === "slow" && attempt === 1) throw new Error("the bank did not answer in time");
  if (card === "closed" && !isMended) throw new Error("the bank is closed");
  if (card === "stolen") throw new PermanentError("the card is stolen");
});
await bus.work(receipt, {}, ({ data }) => notes.add(`  ${data.text}`));
await bus.send(charge, { card: "slow" });
print(await notes.take(1));

console.log("Dead letters, one of which is given back:");
for (const card of ["closed", "stolen"]) await bus.send(charge, { card });
const { deadLetters } = bus.inbox(charge);
const letters = await deadOf(2);
print(letters.map(({ reason, attempts, error }) => `  ${reason} after ${attempts}: ${error.message}`).toSorted());
isMended = true;
await deadLetters.redrive(({ reason }) => reason === "exhausted");
print(await notes.take(1));

console.log("A message for later:");
await bus.work(reminder, {}, ({ data }) =>
  notes.add(`  ${data.text}, ${Date.now() < data.notBefore ? "too early" : "in time"}`),
);
const notBefore = Date.now() + 1_000;
await bus.send(reminder, { text: "later", notBefore }, { deliverAt: new Date(notBefore) });
await bus.send(reminder, { text: "now", notBefore: 0 });
print(await notes.take(2));

console.log("A question and its answer:");
await bus.reply(price, {}, ({ data }) => {
  if (data.item !== "pencil") throw new Error(`there is no ${data.item}`);
  return { cents: 120 };
});
for (const item of ["pencil", "moon"]) {
  const answer = bus.request(price, { item }).then(({ cents }) => `${cents} cents`);
  console.log(`  ${item}: ${await answer.catch((error: Error) => error.message)}`);
}

console.log("What is left:");
for (const definition of [charge, receipt, reminder]) {
  const { ready, dead } = await bus.inbox(definition).stats(); // what every carrier can tell
  console.log(`  ${definition.name}: ${ready} ready, ${dead} dead`);
}
const requests = queue(price.name, { schema: z.unknown() });
for (const definition of [orderPlaced, charge, receipt, reminder, requests]) await bus.remove(definition);

function print(lines: readonly string[]): void {
  for (const line of lines) console.log(line);
}

/** The dead letters of the charges, once there are so many. */
async function deadOf(count: number): Promise<readonly DeadLetter[]> {
  for (;;) {
    const letters: DeadLetter[] = [];
    for await (const letter of deadLetters.list()) letters.push(letter);
    if (letters.length >= count) return letters;
    await sleep(20);
  }
}
