import type { Command } from "../command.ts";
import { inboxNamed } from "../inboxes.ts";
import { filterFlags, inboxFlags } from "../flags.ts";
import { letterFilter } from "../letter-filter.ts";
import { countLetters, moveLetters } from "../move-letters.ts";
import { openBus } from "../open-bus.ts";

export const dlqRedrive: Command = {
  name: "dlq redrive",
  summary: "Gives dead letters back to their group alone, attempts fresh, history kept",
  operands: "[topic] [group]",
  details: ["Without a filter all of them. Interrupted, it says how many are done; nothing is lost."],
  flags: [...inboxFlags, ...filterFlags, { name: "dry-run", summary: "only say how many it would be" }],
  examples: [
    `waybill dlq redrive order.placed billing --reason exhausted`,
    `waybill dlq redrive --queue email.send --older-than 2h --dry-run`,
  ],
  run: async (invocation) => {
    const { args, output } = invocation;
    const selected = { fits: letterFilter(args, Date.now()), most: args.count("limit") ?? Infinity };
    const { bus } = await openBus(invocation);
    await using _ = bus;
    const inbox = await inboxNamed(bus, args);
    if (!args.has("dry-run")) return await moveLetters(invocation, inbox, "redrive", selected);
    const count = await countLetters(invocation, inbox, selected);
    await output.result({ wouldRedrive: count }, `${count} would be redriven`);
    return 0;
  },
};
