import type { Command } from "../command.ts";
import { filterFlags, inboxFlags } from "../flags.ts";
import { pageOf } from "../letter-text.ts";
import { listLetters } from "../list-letters.ts";

export const dlqShow: Command = {
  name: "dlq show",
  summary: "Shows all of a dead letter: error, stack, headers, data, earlier deaths",
  operands: "[topic] [group]",
  details: ["With --id the one, else all that the flags mean."],
  flags: [...inboxFlags, ...filterFlags],
  examples: [
    `waybill dlq show order.placed billing --id 0197…`,
    `waybill dlq show --queue email.send --grep c-7 --limit 1`,
  ],
  run: (invocation) => listLetters(invocation, (letter) => `${pageOf(letter)}\n`),
};
