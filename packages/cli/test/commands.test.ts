import { describe, expect, test } from "vitest";
import { commands } from "../src/commands.ts";
import { common } from "../src/flags.ts";
import { parse } from "../src/parse.ts";

test("a flag means the same sort of thing in every command", () => {
  const kinds = new Map<string, Set<string>>();
  for (const { name, value } of [...common, ...commands.flatMap(({ flags }) => flags)]) {
    kinds.set(name, (kinds.get(name) ?? new Set()).add(value === undefined ? "switch" : "value"));
  }
  expect([...kinds].filter(([, kind]) => kind.size > 1)).toEqual([]);
});

describe.each(commands.map((command) => [command.name, command] as const))("%s", (_, command) => {
  test("has examples that its own table can parse", () => {
    expect(command.examples.length).toBeGreaterThan(0);
    for (const example of command.examples) {
      const waybill = example.split(/\||<\(/).find((part) => part.trim().startsWith("waybill")) ?? "";
      const words = waybill.match(/'[^']*'|\S+/g)?.map((word) => word.replaceAll("'", "")) ?? [];
      const [, ...argv] = words.slice(0, words.includes(">") ? words.indexOf(">") : undefined);
      const parsed = parse(
        argv.map((word) => word.replace(/\)$/, "")),
        commands,
        common,
      );
      expect({ example, command: parsed.command?.name }).toEqual({ example, command: command.name });
    }
  });

  test("takes no flag twice", () => {
    const names = [...common, ...command.flags].map(({ name }) => name);
    expect(names).toEqual([...new Set(names)]);
  });
});
