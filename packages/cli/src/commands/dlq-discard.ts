import process from "node:process";
import { createInterface } from "node:readline/promises";
import type { Command, ExitCode, Invocation } from "../command.ts";
import { inboxNamed } from "../inboxes.ts";
import { filterFlags, inboxFlags } from "../flags.ts";
import { letterFilter } from "../letter-filter.ts";
import { countLetters, moveLetters, type Selected } from "../move-letters.ts";
import { openBus } from "../open-bus.ts";
import { UsageError } from "../usage-error.ts";

export const dlqDiscard: Command = {
  name: "dlq discard",
  summary: "Removes dead letters for good",
  operands: "[topic] [group]",
  details: ["It asks before; where nobody can be asked it needs --yes. What dies while it asks or runs stays."],
  flags: [
    ...inboxFlags,
    ...filterFlags,
    { name: "dry-run", summary: "only say how many it would be" },
    { name: "yes", summary: "do not ask" },
  ],
  examples: [
    `waybill dlq discard order.placed billing --id 0197… --yes`,
    `waybill dlq discard --queue email.send --older-than 30d --dry-run`,
  ],
  run: discard,
};

async function discard(invocation: Invocation): Promise<ExitCode> {
  const { args, output, signal } = invocation;
  const now = Date.now();
  const fits = letterFilter(args, now);
  // A letter that died later was neither counted nor asked about.
  const selected: Selected = {
    fits: (letter) => !(letter.deadAt > now) && fits(letter),
    most: args.count("limit") ?? Infinity,
  };
  const sure = args.has("yes") || args.has("dry-run");
  if (!sure && !process.stdin.isTTY) throw new UsageError("discards for good and nobody can be asked; give --yes");
  const { bus } = await openBus(invocation);
  await using _ = bus;
  const inbox = await inboxNamed(bus, args);
  if (args.has("yes") && !args.has("dry-run")) return await moveLetters(invocation, inbox, "discard", selected);
  const count = await countLetters(invocation, inbox, selected);
  if (args.has("dry-run")) {
    await output.result({ wouldDiscard: count }, `${count} would be discarded`);
    return 0;
  }
  const letters = count === 1 ? "dead letter" : "dead letters";
  if (count > 0 && (await isAgreed(`discard ${count} ${letters} of ${inbox.source} for good? [y/N] `, signal)))
    return await moveLetters(invocation, inbox, "discard", selected);
  await output.result({ discarded: 0, interrupted: false }, "0 discarded");
  return 0;
}

async function isAgreed(question: string, signal: AbortSignal): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(question, { signal })).trim());
  } finally {
    terminal.close();
  }
}
