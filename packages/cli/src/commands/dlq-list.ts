import type { Command } from "../command.ts";
import { filterFlags, inboxFlags } from "../flags.ts";
import { lineOf } from "../letter-text.ts";
import { listLetters } from "../list-letters.ts";

export const dlqList: Command = {
  name: "dlq list",
  summary: "Lists a group's dead letters, oldest first, a line each",
  operands: "[topic] [group]",
  details: ["It takes nothing away, however often, and holds one at a time, however many there are."],
  flags: [...inboxFlags, ...filterFlags],
  examples: [
    `waybill dlq list order.placed billing`,
    `waybill dlq list --queue email.send --reason invalid`,
    `waybill dlq list order.placed billing --json | jq -r .id`,
  ],
  run: (invocation) => listLetters(invocation, lineOf),
};
