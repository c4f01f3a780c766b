import type { DeadLetter, InboxHandle } from "@waybill/core";
import type { Item } from "./item.ts";

/** All dead letters of an inbox. */
export async function lettersIn(inbox: InboxHandle): Promise<readonly DeadLetter[]> {
  const letters: DeadLetter[] = [];
  for await (const letter of inbox.deadLetters.list()) letters.push(letter);
  return letters;
}

/** The number of the item a letter holds. */
export function numberOf({ data }: { readonly data: unknown }): number {
  return (data as Item).n;
}
