import type { Bus, ScheduleInfo } from "@waybill/core";
import type { Command } from "../command.ts";
import { codeOf } from "../error-code.ts";
import { openBus } from "../open-bus.ts";
import { tableOf } from "../table.ts";
import { timeOf } from "../time.ts";

export const scheduleList: Command = {
  name: "schedule list",
  summary: "Lists the schedules that the carrier knows, whoever runs them",
  operands: "",
  details: [],
  flags: [],
  examples: ["waybill schedule list", "waybill schedule list --json"],
  run: async (invocation) => {
    const { args, output } = invocation;
    const { bus } = await openBus(invocation);
    await using _ = bus;
    const schedules = await schedulesOf(bus);
    if (args.has("json")) {
      for (const { nextAt, ...schedule } of schedules)
        await output.result({ ...schedule, next: nextAt === undefined ? undefined : timeOf(nextAt) }, "");
    } else if (schedules.length === 0) output.note("none");
    else for (const line of tableOf([head, ...schedules.map(cellsOf)], "left")) await output.text(line);
    return 0;
  },
};

/** None where nobody ever made one, so that there is nothing they could stand in. */
async function schedulesOf(bus: Bus): Promise<readonly ScheduleInfo[]> {
  try {
    return await bus.schedules();
  } catch (error) {
    if (codeOf(error) === "MISSING") return [];
    throw error;
  }
}

const head = ["schedule", "cron", "zone", "to", "next"];

function cellsOf({ name, cron, zone, target, nextAt }: ScheduleInfo): readonly string[] {
  return [name, cron, zone, `${target.kind} ${target.name}`, timeOf(nextAt)];
}
