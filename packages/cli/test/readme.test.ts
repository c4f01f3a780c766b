import { execFile } from "node:child_process";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { queue } from "@waybill/core";
import { expect, test } from "vitest";
import { z } from "zod";
import { cleanEnvironment, emails, main, place, refusedOrders } from "./support.ts";

const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");

test("the README shows what the commands print", async () => {
  const [, config = "{}"] = /```json\n([^]*?)```/.exec(readme) ?? [];
  const { bus, folder } = await place(JSON.parse(config) as Record<string, unknown>);
  await refusedOrders(bus, ["o-1", "o-2"]);
  await bus.inbox(emails).stats();
  const reports = queue("report.make", { schema: z.null() });
  await bus.schedule("daily-reports", { cron: "0 3 * * *", zone: "Europe/Berlin", to: reports, data: null });
  await writeFile(join(folder, "npx"), `#!/bin/sh\nshift\nexec ${process.execPath} ${main} "$@"\n`);
  await chmod(join(folder, "npx"), 0o755);
  const shown = [...readme.matchAll(/```console\n([^]*?)```/g)].map(([, block = ""]) => block).join("");
  const commands = shown.split("\n").filter((line) => line.startsWith("$ "));
  let printed = "";
  for (const command of commands) printed += `${command}\n${await output(folder, command.slice(2))}`;
  expect(stable(printed, folder)).toBe(stable(shown, "/srv/shop"));
});

/** What a shell prints for a line, both kinds of output. */
function output(folder: string, line: string): Promise<string> {
  const PATH = `${folder}${delimiter}${process.env["PATH"]}`;
  const options = { cwd: folder, env: { ...cleanEnvironment(), PATH } };
  return new Promise((resolve) =>
    execFile("sh", ["-c", `{ ${line}; } 2>&1 </dev/null`], options, (_, stdout) => resolve(stdout)),
  );
}

/** Without what differs from run to run. */
function stable(text: string, folder: string): string {
  return text
    .replaceAll(folder, "<folder>")
    .replaceAll(/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/g, "<id>")
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<time>")
    .replaceAll(/\d{13}/g, "<epoch>")
    .replaceAll(/ +\d+(ms|s)$/gm, "  <age>")
    .replaceAll(/in \d+ ms/g, "in <ms>")
    .replaceAll(/node: [\d.]+/g, "node: <version>")
    .replaceAll(/(, can ).*/g, "$1<abilities>");
}
