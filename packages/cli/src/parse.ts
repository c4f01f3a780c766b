import { parseArgs } from "node:util";
import { nearest } from "@waybill/config";
import { Arguments } from "./arguments.ts";
import type { Command, Flag } from "./command.ts";
import { UsageError } from "./usage-error.ts";

/** What a command line asks for; without a command, help about all of them or about a family such as `dlq`. */
export interface Parsed {
  readonly command: Command | undefined;
  readonly family: string | undefined;
  readonly args: Arguments;
}

/** Reads a command line by the table. @throws UsageError naming what is wrong and the nearest right word */
export function parse(argv: readonly string[], commands: readonly Command[], common: readonly Flag[]): Parsed {
  const every = [...common, ...commands.flatMap(({ flags }) => flags)];
  const { tokens } = parseArgs({ args: [...argv], options: optionsOf(every), strict: false, tokens: true });
  const words = tokens.flatMap((token) => (token.kind === "positional" ? [token.value] : []));
  const command = commands.find(({ name }) => name === words.slice(0, wordsIn(name)).join(" "));
  const family = command === undefined ? familyOf(words, commands) : undefined;
  const known = command === undefined ? every : [...common, ...command.flags];
  const flags = new Map<string, string[]>();
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const flag = known.find(({ name }) => name === token.name) ?? unknown(token.rawName, known, command);
    const values = flags.get(flag.name) ?? [];
    if (flag.value !== undefined || token.value !== undefined) values.push(valueOf(flag, token.rawName, token.value));
    flags.set(flag.name, values);
  }
  const operands = command === undefined ? [] : words.slice(wordsIn(command.name));
  if (command !== undefined && !flags.has("help")) checkCount(command, operands.length);
  return { command, family, args: new Arguments(operands, flags) };
}

function optionsOf(flags: readonly Flag[]): NonNullable<Parameters<typeof parseArgs>[0]>["options"] {
  const options = flags.map(({ name, short, value }) => {
    const type: "boolean" | "string" = value === undefined ? "boolean" : "string";
    return [name, { type, ...(short === undefined ? {} : { short }) }] as const;
  });
  return Object.fromEntries(options);
}

function wordsIn(name: string): number {
  return name.split(" ").length;
}

/** The first word, where it is that of several commands and the second word is missing. */
function familyOf(words: readonly string[], commands: readonly Command[]): string | undefined {
  const [first, second] = words;
  if (first === undefined) return undefined;
  const members = commands.filter(({ name }) => name.startsWith(`${first} `)).map(({ name }) => name);
  if (members.length > 0 && second === undefined) return first;
  const word = members.length > 0 ? `${first} ${second}` : first;
  const known = members.length > 0 ? members : [...new Set(commands.map(({ name }) => name.split(" ")[0] ?? name))];
  throw new UsageError(`there is no command "${word}"; ${suggestion(word, known, "")}`);
}

function unknown(given: string, known: readonly Flag[], command: Command | undefined): never {
  const names = known.map(({ name }) => `--${name}`);
  const place = command === undefined ? "" : ` of ${command.name}`;
  throw new UsageError(`${given} is no flag${place}; ${suggestion(given, names, "--")}`);
}

function suggestion(given: string, known: readonly string[], prefix: string): string {
  const near = nearest(
    given.slice(prefix.length),
    known.map((name) => name.slice(prefix.length)),
  );
  return near === undefined ? `there are ${known.join(", ")}` : `did you mean "${prefix}${near}"?`;
}

function valueOf({ name, value }: Flag, given: string, text: string | undefined): string {
  if (value === undefined) throw new UsageError(`--${name} takes no value`);
  if (text === undefined || text === "") throw new UsageError(`${given} needs a value: ${given} <${value}>`);
  return text;
}

function checkCount({ name, operands }: Command, given: number): void {
  const least = operands.split(" ").filter((operand) => operand.startsWith("<")).length;
  const most = operands.includes("…") ? Infinity : operands.split(" ").filter(Boolean).length;
  if (given >= least && given <= most) return;
  const problem = given < least ? "something is missing" : "that is too much";
  throw new UsageError(`${problem}; write: waybill ${name} ${operands}`.trimEnd());
}
