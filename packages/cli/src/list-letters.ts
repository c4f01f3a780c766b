import type { DeadLetter } from "@waybill/core";
import type { ExitCode, Invocation } from "./command.ts";
import { inboxNamed } from "./inboxes.ts";
import { letterFilter } from "./letter-filter.ts";
import { recordOf } from "./letter-text.ts";
import { openBus } from "./open-bus.ts";

/** Shows the letters that the flags mean, one by one as they come from the carrier. Returns 1 if an id was not there. */
export async function listLetters(invocation: Invocation, textOf: (letter: DeadLetter) => string): Promise<ExitCode> {
  const { args, output, signal } = invocation;
  const fits = letterFilter(args, Date.now());
  const most = args.count("limit") ?? Infinity;
  const { bus } = await openBus(invocation);
  await using _ = bus;
  const { deadLetters } = await inboxNamed(bus, args);
  const missing = new Set(args.all("id"));
  let shown = 0;
  for await (const letter of deadLetters.list({ signal })) {
    if (!fits(letter)) continue;
    await output.result(recordOf(letter), textOf(letter));
    missing.delete(letter.id);
    shown += 1;
    if (shown >= most) break;
  }
  if (shown === 0 && missing.size === 0 && !args.has("json")) output.note("none");
  for (const id of missing) output.note(`waybill: ${id} is not among the dead letters`);
  return missing.size > 0 ? 1 : 0;
}
