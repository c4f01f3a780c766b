import type { Command, Flag } from "./command.ts";

/** Help about everything, or about the commands of one family. */
export function overview(commands: readonly Command[], common: readonly Flag[], family?: string): string {
  const shown = commands.filter(({ name }) => family === undefined || name.startsWith(`${family} `));
  return [
    `Usage: waybill ${family === undefined ? "" : `${family} `}<command> [flags]`,
    "",
    "Commands:",
    ...columns(shown.map(({ name, summary }) => [name, summary])),
    "",
    "Flags of every command:",
    ...columns(common.map(rowOf)),
    "",
    "Exit codes: 0 done, 1 it failed, 2 what was given cannot be used, 130 interrupted.",
    `Settings come from flags, WAYBILL_… variables and waybill.config.{ts,js,json}, in this order.`,
    `More about one: waybill ${family ?? shown[0]?.name ?? ""} ${family === undefined ? "" : "<command> "}--help`,
  ].join("\n");
}

/** Help about one command. */
export function helpOf(command: Command, common: readonly Flag[]): string {
  const { name, operands, summary, details, flags, examples } = command;
  return [
    `Usage: ${`waybill ${name} ${operands}`.trimEnd()} [flags]`,
    "",
    `${summary}.`,
    ...details,
    ...(flags.length === 0 ? [] : ["", "Flags:", ...columns(flags.map(rowOf))]),
    "",
    "Flags of every command:",
    ...columns(common.map(rowOf)),
    "",
    "Examples:",
    ...examples.map((example) => `  ${example}`),
  ].join("\n");
}

function rowOf({ name, short, value, summary }: Flag): readonly [string, string] {
  const flag = `--${name}${value === undefined ? "" : ` <${value}>`}`;
  return [short === undefined ? flag : `-${short}, ${flag}`, summary];
}

/** Rows of two, aligned. */
function columns(rows: readonly (readonly [string, string])[]): readonly string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
