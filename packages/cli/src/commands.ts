import type { Command } from "./command.ts";
import { completionOf } from "./commands/completion.ts";
import { conformance } from "./commands/conformance.ts";
import { dlqDiscard } from "./commands/dlq-discard.ts";
import { dlqList } from "./commands/dlq-list.ts";
import { dlqRedrive } from "./commands/dlq-redrive.ts";
import { dlqShow } from "./commands/dlq-show.ts";
import { doctor } from "./commands/doctor.ts";
import { publish } from "./commands/publish.ts";
import { scheduleList } from "./commands/schedule-list.ts";
import { stats } from "./commands/stats.ts";
import { tail } from "./commands/tail.ts";
import { common } from "./flags.ts";

/** All commands, in the order in which the help shows them. */
export const commands: readonly Command[] = [
  publish,
  tail,
  stats,
  dlqList,
  dlqShow,
  dlqRedrive,
  dlqDiscard,
  scheduleList,
  doctor,
  conformance,
  completionOf(() => commands, common),
];
